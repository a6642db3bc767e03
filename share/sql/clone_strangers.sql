-- Ends what an application's tests left connected to this database: it would hold locks that nobody gives back.
select pg_catalog.pg_terminate_backend(a.pid)
  from pg_catalog.pg_stat_activity a
 where a.datname = pg_catalog.current_database() and a.backend_type = 'client backend'
   and a.application_name not like 'pgsluice/%'
