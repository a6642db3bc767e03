-- Other sessions of this database with a transaction older than $1 ms, and what they hold on the given relations.
select a.pid, coalesce(nullif(a.application_name, ''), a.backend_type), coalesce(a.usename::pg_catalog.text, '-'),
       coalesce(a.state, 'not visible'),
       (extract(epoch from pg_catalog.clock_timestamp() - a.xact_start) * 1000)::pg_catalog.int8,
       l.relation, l.mode, coalesce(a.query ~ 'to prevent wraparound', false)
  from pg_catalog.pg_stat_activity a
  left join lateral (
       select pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname) as relation, k.mode
         from pg_catalog.pg_locks k
         join pg_catalog.pg_class c on c.oid = k.relation
         join pg_catalog.pg_namespace n on n.oid = c.relnamespace
        where k.pid = a.pid and k.locktype = 'relation' and k.granted
          and pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname)
              = any ($2::pg_catalog.text[])) l on true
 where a.datname = pg_catalog.current_database() and a.pid <> pg_catalog.pg_backend_pid()
   and a.application_name not like 'pgsluice/' || $3 || '/%'
   and (a.xact_start < pg_catalog.clock_timestamp() - $1::pg_catalog.int8 * interval '1 millisecond'
        or (a.query ~ 'to prevent wraparound' and l.relation is not null))
 order by a.xact_start, a.pid, l.relation
