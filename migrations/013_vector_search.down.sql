-- Migration: 013_vector_search
-- Description: without the index and the extension; refused when something else uses the extension

DROP INDEX CONCURRENTLY IF EXISTS documents_embedding_idx;
DROP EXTENSION IF EXISTS vector;
