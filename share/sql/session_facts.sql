-- What the server says of a session that was just opened, before anything of it was changed:
-- backend pid, whether it starts its transactions read-only, and the role's own search path.
select pg_catalog.pg_backend_pid(),
       pg_catalog.current_setting('default_transaction_read_only') operator(pg_catalog.=) 'on',
       pg_catalog.current_schemas(false)::pg_catalog.text
