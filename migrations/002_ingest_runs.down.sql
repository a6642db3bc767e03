-- Migration: 002_ingest_runs
-- Description: without runs and without the hash; both are lost

ALTER TABLE documents
    DROP COLUMN IF EXISTS content_hash,
    DROP COLUMN IF EXISTS ingest_run_id;
DROP TABLE IF EXISTS ingest_runs;
