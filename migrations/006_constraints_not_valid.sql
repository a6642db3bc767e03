-- Migration: 006_constraints_not_valid
-- Description: foreign keys and the log's upper bound, for new rows only
-- Date: 2026-04-02
-- Related Task: RETRIEVAL-30
-- pgsluice:requires 001 002 003
-- pgsluice:lock-timeout 2s

-- First half: NOT VALID takes its lock for a moment, reads no row, and holds for every row written from now on.
-- The second half, 007, reads the old rows in another transaction and blocks nobody. In one transaction it would
-- be no gain: the lock of the first half would be kept while the second reads.
--
-- PostgreSQL has no ADD CONSTRAINT IF NOT EXISTS. For a check, DROP IF EXISTS and ADD in one statement costs nothing
-- more. For a foreign key it would: ADD alone never waits for readers, DROP does, on both tables. So these ask first.

DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_constraint
            WHERE conrelid = 'ingest_runs'::regclass AND conname = 'ingest_runs_source_id_fkey') THEN
        ALTER TABLE ingest_runs ADD CONSTRAINT ingest_runs_source_id_fkey
            FOREIGN KEY (source_id) REFERENCES document_sources (id) NOT VALID;
    END IF;
    IF NOT EXISTS (SELECT FROM pg_constraint
            WHERE conrelid = 'documents'::regclass AND conname = 'documents_source_id_fkey') THEN
        ALTER TABLE documents ADD CONSTRAINT documents_source_id_fkey
            FOREIGN KEY (source_id) REFERENCES document_sources (id) NOT VALID;
    END IF;
    IF NOT EXISTS (SELECT FROM pg_constraint
            WHERE conrelid = 'documents'::regclass AND conname = 'documents_ingest_run_id_fkey') THEN
        ALTER TABLE documents ADD CONSTRAINT documents_ingest_run_id_fkey
            FOREIGN KEY (ingest_run_id) REFERENCES ingest_runs (id) ON DELETE SET NULL NOT VALID;
    END IF;
END
$$;

-- The bound of the first partition of 012. From here on an id above it is refused: take it far above today's ids.
ALTER TABLE query_log
    DROP CONSTRAINT IF EXISTS query_log_id_range,
    ADD CONSTRAINT query_log_id_range CHECK (id < 10000000) NOT VALID;
