-- Migration: 001_base_tables
-- Description: back to an empty schema; every document is lost

DROP TABLE IF EXISTS documents;
DROP TABLE IF EXISTS document_sources;
