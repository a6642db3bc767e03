-- Ends a session ($1) if it is still the one that was found: a process number can be given to another.
select pg_catalog.pg_terminate_backend(a.pid)
  from pg_catalog.pg_stat_activity a
 where a.pid = $1::pg_catalog.int4 and a.application_name = $2
