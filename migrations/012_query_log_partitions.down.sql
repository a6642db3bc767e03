-- Migration: 012_query_log_partitions
-- Description: the log as one table again; refused when rows stand in later partitions, which would be lost

DO $$
DECLARE
    c record;
BEGIN
    IF (SELECT relkind FROM pg_class WHERE oid = 'query_log'::regclass) <> 'p' THEN
        RETURN;
    END IF;
    LOCK TABLE query_log IN ACCESS EXCLUSIVE MODE;
    IF EXISTS (SELECT FROM query_log WHERE id >= 10000000) THEN
        RAISE EXCEPTION 'query_log has rows beyond its first partition'
            USING HINT = 'They would be lost. Roll forward instead.';
    END IF;
    ALTER TABLE query_log DETACH PARTITION query_log_p0;
    ALTER SEQUENCE query_log_id_seq OWNED BY query_log_p0.id;
    DROP TABLE query_log;
    ALTER TABLE query_log_p0 RENAME TO query_log;
    ALTER INDEX query_log_p0_pkey RENAME TO query_log_pkey;
    ALTER INDEX query_log_p0_logged_at_idx RENAME TO query_log_logged_at_idx;
    FOR c IN SELECT conname FROM pg_constraint WHERE conrelid = 'query_log'::regclass AND contype = 'n' LOOP
        EXECUTE format('ALTER TABLE query_log RENAME CONSTRAINT %I TO %I',
            c.conname, replace(c.conname, 'query_log_p0_', 'query_log_'));
    END LOOP;
END
$$;
