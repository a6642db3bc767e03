-- The server's version as it prints it.
select pg_catalog.current_setting('server_version')
