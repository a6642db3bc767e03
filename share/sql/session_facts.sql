-- What the server says of a session that was just opened, before anything of it was changed: backend pid, whether it
-- starts its transactions read-only, the role's own search path, and when it began (null: the role may not see that).
select pg_catalog.pg_backend_pid(),
       pg_catalog.current_setting('default_transaction_read_only') operator(pg_catalog.=) 'on',
       pg_catalog.current_schemas(false)::pg_catalog.text,
       (select pg_catalog.to_char(a.backend_start at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
          from pg_catalog.pg_stat_get_activity(pg_catalog.pg_backend_pid()) as a)
