-- Migration: 012_query_log_partitions
-- Description: the log becomes partitioned; what is there is its first partition
-- Date: 2026-07-06
-- Related Task: RETRIEVAL-44
-- pgsluice:requires 003 006 007
-- pgsluice:lock-timeout 2s
-- pgsluice:allow index-lock because query_log is new and empty here: the log itself was renamed

-- No row is copied. The table is renamed, an empty partitioned one takes its name, and the old one is attached; the
-- check of 006, validated by 007, says what ATTACH would otherwise have to read. One transaction: nobody sees the
-- moment between. Partitions are by id, which grows with time, and not by time: the primary key can stay as it is,
-- and the bound does not depend on the night in which this is applied.

DO $$
DECLARE
    c record;
BEGIN
    IF (SELECT relkind FROM pg_class WHERE oid = 'query_log'::regclass) = 'r' THEN
        ALTER TABLE query_log RENAME TO query_log_p0;
        ALTER INDEX query_log_pkey RENAME TO query_log_p0_pkey;
        ALTER INDEX query_log_logged_at_idx RENAME TO query_log_p0_logged_at_idx;
        -- from PostgreSQL 18 on NOT NULL is a constraint with a name
        FOR c IN SELECT conname FROM pg_constraint
                WHERE conrelid = 'query_log_p0'::regclass AND contype = 'n' LOOP
            EXECUTE format('ALTER TABLE query_log_p0 RENAME CONSTRAINT %I TO %I',
                c.conname, replace(c.conname, 'query_log_', 'query_log_p0_'));
        END LOOP;
    END IF;
END
$$;

CREATE TABLE IF NOT EXISTS query_log (
    id bigint NOT NULL DEFAULT nextval('query_log_id_seq'),
    logged_at timestamptz NOT NULL DEFAULT now(),
    source_id bigint,
    duration_ms integer NOT NULL,
    result_count integer NOT NULL,
    query_text text NOT NULL,
    filters jsonb NOT NULL DEFAULT '{}',
    PRIMARY KEY (id)
) PARTITION BY RANGE (id);

CREATE INDEX IF NOT EXISTS query_log_logged_at_idx ON query_log USING brin (logged_at);

-- The sequence belongs to the table that stays, so that an old partition can be dropped.
ALTER SEQUENCE query_log_id_seq OWNED BY query_log.id;

DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_inherits WHERE inhrelid = 'query_log_p0'::regclass) THEN
        ALTER TABLE query_log ATTACH PARTITION query_log_p0 FOR VALUES FROM (MINVALUE) TO (10000000);
    END IF;
END
$$;

CREATE TABLE IF NOT EXISTS query_log_p1 PARTITION OF query_log FOR VALUES FROM (10000000) TO (20000000);
CREATE TABLE IF NOT EXISTS query_log_p2 PARTITION OF query_log FOR VALUES FROM (20000000) TO (30000000);
CREATE TABLE IF NOT EXISTS query_log_default PARTITION OF query_log DEFAULT;
