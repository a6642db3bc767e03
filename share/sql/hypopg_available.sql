-- Whether HypoPG can be installed on this server.
select pg_catalog.count(*) from pg_catalog.pg_available_extensions where name = 'hypopg'
