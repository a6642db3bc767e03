-- Migration: 007_constraints_validate
-- Description: the constraints as 006 left them; there is no other way to take a validation back

ALTER TABLE query_log
    DROP CONSTRAINT IF EXISTS query_log_id_range,
    ADD CONSTRAINT query_log_id_range CHECK (id < 10000000) NOT VALID;
ALTER TABLE documents
    DROP CONSTRAINT IF EXISTS documents_ingest_run_id_fkey,
    DROP CONSTRAINT IF EXISTS documents_source_id_fkey,
    ADD CONSTRAINT documents_ingest_run_id_fkey
        FOREIGN KEY (ingest_run_id) REFERENCES ingest_runs (id) ON DELETE SET NULL NOT VALID,
    ADD CONSTRAINT documents_source_id_fkey
        FOREIGN KEY (source_id) REFERENCES document_sources (id) NOT VALID;
ALTER TABLE ingest_runs
    DROP CONSTRAINT IF EXISTS ingest_runs_source_id_fkey,
    ADD CONSTRAINT ingest_runs_source_id_fkey
        FOREIGN KEY (source_id) REFERENCES document_sources (id) NOT VALID;
