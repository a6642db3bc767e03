-- Migration: 005_document_indexes
-- Description: without these indexes; queries get slow, nothing is lost

DROP INDEX CONCURRENTLY IF EXISTS ingest_runs_source_id_started_at_idx;
DROP INDEX CONCURRENTLY IF EXISTS documents_ingest_run_id_idx;
DROP INDEX CONCURRENTLY IF EXISTS documents_open_idx;
DROP INDEX CONCURRENTLY IF EXISTS documents_metadata_idx;
DROP INDEX CONCURRENTLY IF EXISTS documents_source_id_created_at_idx;
