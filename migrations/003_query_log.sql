-- Migration: 003_query_log
-- Description: what was asked, how long it took and how much it found
-- Date: 2026-02-17
-- Related Task: RETRIEVAL-14
-- pgsluice:lock-timeout 2s

-- A log that only grows is read by time and hardly ever by row: a BRIN index is a thousandth of a B-tree. The id
-- is a plain default from a sequence, not an identity column: 012 makes this table a partition, and a table with
-- an identity column of its own cannot become one (PostgreSQL 17 and later).

CREATE TABLE IF NOT EXISTS query_log (
    id bigserial PRIMARY KEY,
    logged_at timestamptz NOT NULL DEFAULT now(),
    source_id bigint,
    duration_ms integer NOT NULL,
    result_count integer NOT NULL,
    query_text text NOT NULL,
    filters jsonb NOT NULL DEFAULT '{}'
);

CREATE INDEX IF NOT EXISTS query_log_logged_at_idx ON query_log USING brin (logged_at);
