-- Relation locks that a session of ours holds now: a sample, for statements that leave nothing to ask afterwards.
select distinct pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname), l.mode
  from pg_catalog.pg_locks l
  join pg_catalog.pg_class c on c.oid = l.relation
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
 where l.locktype = 'relation' and l.granted and l.pid = $1::pg_catalog.int4 and l.relation >= 16384
   and c.relkind in ('r', 'p', 'm') and n.nspname not in ('pg_toast', 'pgsluice')
   and l.database = (select oid from pg_catalog.pg_database where datname = pg_catalog.current_database())
