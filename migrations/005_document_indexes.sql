-- Migration: 005_document_indexes
-- Description: indexes for the queries that are really asked
-- Date: 2026-03-19
-- Related Task: RETRIEVAL-25
-- pgsluice:requires 002

-- Built without blocking a write. Each is a statement outside any transaction; no directive is needed, the
-- statement itself says so. IF NOT EXISTS makes a second run harmless without taking a good index away from live
-- queries, but it also steps over an index that an interrupted build left invalid: the verify file asks for valid
-- ones, and the tool refuses to run this over an invalid one.

-- the newest documents of a source
CREATE INDEX CONCURRENTLY IF NOT EXISTS documents_source_id_created_at_idx
    ON documents (source_id, created_at DESC);

-- metadata filters: metadata @> '{"lang": "de", "doc_type": "manual"}'
CREATE INDEX CONCURRENTLY IF NOT EXISTS documents_metadata_idx
    ON documents USING gin (metadata jsonb_path_ops);

-- the work list: few rows of many, so the index holds only those
CREATE INDEX CONCURRENTLY IF NOT EXISTS documents_open_idx
    ON documents (updated_at) WHERE status IN ('pending', 'failed');

-- what a run brought; the foreign key of 006 needs it when a run is deleted
CREATE INDEX CONCURRENTLY IF NOT EXISTS documents_ingest_run_id_idx
    ON documents (ingest_run_id) WHERE ingest_run_id IS NOT NULL;

CREATE INDEX CONCURRENTLY IF NOT EXISTS ingest_runs_source_id_started_at_idx
    ON ingest_runs (source_id, started_at DESC);
