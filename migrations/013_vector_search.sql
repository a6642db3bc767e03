-- Migration: 013_vector_search
-- Description: nearest documents by embedding
-- Date: 2026-09-14
-- Related Task: RETRIEVAL-52
-- pgsluice:requires 001
-- pgsluice:requires-extension vector >= 0.7

-- Held where pgvector is missing or older; everything else goes on, and searches read all embeddings until then.
--
-- An index on the type vector ends at 2,000 dimensions, one on halfvec at 4,000 (pgvector 0.7 and later). So the
-- index is on the half-precision form of the column: no column is added, no row is rewritten, and the floats stay as
-- exact as they are. A query repeats the expression:
--   ORDER BY embedding::halfvec(3072) <=> $1::halfvec(3072) LIMIT 10
-- The build wants memory: give the role a maintenance_work_mem of about 8 kB for each embedding.

CREATE EXTENSION IF NOT EXISTS vector;

CREATE INDEX CONCURRENTLY IF NOT EXISTS documents_embedding_idx
    ON documents USING hnsw ((embedding::halfvec(3072)) halfvec_cosine_ops);
