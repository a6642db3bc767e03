-- Migration: 006_constraints_not_valid
-- Description: without these constraints; nothing is lost

ALTER TABLE query_log DROP CONSTRAINT IF EXISTS query_log_id_range;
ALTER TABLE documents DROP CONSTRAINT IF EXISTS documents_ingest_run_id_fkey;
ALTER TABLE documents DROP CONSTRAINT IF EXISTS documents_source_id_fkey;
ALTER TABLE ingest_runs DROP CONSTRAINT IF EXISTS ingest_runs_source_id_fkey;
