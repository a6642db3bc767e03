-- Sessions by their process numbers, the oldest transaction first: who is waited for.
select a.pid, coalesce(nullif(a.application_name, ''), a.backend_type), coalesce(a.usename::pg_catalog.text, '-'),
       coalesce(pg_catalog.host(a.client_addr), 'local'), a.state,
       (extract(epoch from pg_catalog.clock_timestamp() - coalesce(a.xact_start, a.backend_start)) * 1000)::pg_catalog.int8
  from pg_catalog.pg_stat_activity a
 where a.pid = any ($1::pg_catalog.int4[])
 order by coalesce(a.xact_start, a.backend_start), a.pid
 limit 20
