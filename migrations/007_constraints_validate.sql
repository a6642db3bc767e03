-- Migration: 007_constraints_validate
-- Description: the constraints of 006 hold for the old rows too
-- Date: 2026-04-02
-- Related Task: RETRIEVAL-30
-- pgsluice:requires 006
-- pgsluice:statement-timeout 30min

-- Second half: reads every row, under a lock that lets reads and writes pass. A row that breaks the promise stops
-- it with its value; nothing is changed then, and the constraint stays as 006 left it.

ALTER TABLE ingest_runs VALIDATE CONSTRAINT ingest_runs_source_id_fkey;
ALTER TABLE documents VALIDATE CONSTRAINT documents_source_id_fkey;
ALTER TABLE documents VALIDATE CONSTRAINT documents_ingest_run_id_fkey;
ALTER TABLE query_log VALIDATE CONSTRAINT query_log_id_range;
