-- For a ramp: the connections that are left to ordinary roles, this one not counted.
SELECT pg_catalog.current_setting('max_connections')::pg_catalog.int4
         - pg_catalog.current_setting('superuser_reserved_connections')::pg_catalog.int4
         - coalesce(pg_catalog.current_setting('reserved_connections', true), '0')::pg_catalog.int4
         - (SELECT count(*)::pg_catalog.int4 FROM pg_catalog.pg_stat_activity
             WHERE backend_type = 'client backend' AND pid <> pg_catalog.pg_backend_pid())
