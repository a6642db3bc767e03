-- Sessions that hold a lock on one of the given relations, the oldest transaction first: who is in our way.
select a.pid, coalesce(nullif(a.application_name, ''), a.backend_type), coalesce(a.usename::pg_catalog.text, '-'),
       coalesce(pg_catalog.host(a.client_addr), 'local'), a.state,
       (extract(epoch from pg_catalog.clock_timestamp() - coalesce(a.xact_start, a.backend_start)) * 1000)::pg_catalog.int8,
       pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname), l.mode
  from pg_catalog.pg_locks l
  join pg_catalog.pg_stat_activity a on a.pid = l.pid
  join pg_catalog.pg_class c on c.oid = l.relation
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
 where l.locktype = 'relation' and l.granted and l.pid <> all ($1::pg_catalog.int4[])
   and l.database = (select oid from pg_catalog.pg_database where datname = pg_catalog.current_database())
   and pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname) = any ($2::pg_catalog.text[])
 order by coalesce(a.xact_start, a.backend_start), a.pid
 limit 20
