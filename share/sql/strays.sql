-- Live sessions of other runs ($1 is ours) in this database that may be changing it: process, application, statement,
-- milliseconds since it began (or the session did, where that is not shown to us). Those that only read or wait for
-- leadership are in nobody's way.
select a.pid, a.application_name, pg_catalog.left(a.query, 200),
       coalesce((extract(epoch from pg_catalog.clock_timestamp() - coalesce(a.query_start, a.backend_start)) * 1000)
                ::pg_catalog.int8, 0)
  from pg_catalog.pg_stat_activity a
 where a.datname = pg_catalog.current_database() and a.pid <> pg_catalog.pg_backend_pid()
   and a.application_name ~ '^pgsluice/[^/]+/(apply|ledger)$'
   and pg_catalog.split_part(a.application_name, '/', 2) <> $1
 order by a.backend_start, a.pid
