-- Who holds the leadership ($1): process, application, user, host, milliseconds since its session began. What another
-- role's session does not show to us is null.
select l.pid, a.application_name, a.usename,
       case when a.client_port = -1 then 'this server' else pg_catalog.host(a.client_addr) end,
       (extract(epoch from pg_catalog.clock_timestamp() - a.backend_start) * 1000)::pg_catalog.int8
  from pg_catalog.pg_locks l
  join pg_catalog.pg_database d on d.oid = l.database
  left join pg_catalog.pg_stat_activity a on a.pid = l.pid
 where l.locktype = 'advisory' and l.granted and d.datname = pg_catalog.current_database() and l.objsubid = 1
   and (l.classid::pg_catalog.int8 << 32 | l.objid::pg_catalog.int8) = $1::pg_catalog.int8
