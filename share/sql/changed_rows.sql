-- Rows that the open transaction changed, by table. Only relations it has locked can have changed.
select pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname),
       pg_catalog.pg_stat_get_xact_tuples_inserted(c.oid),
       pg_catalog.pg_stat_get_xact_tuples_updated(c.oid),
       pg_catalog.pg_stat_get_xact_tuples_deleted(c.oid)
  from (select distinct relation from pg_catalog.pg_lock_status()
         where pid = pg_catalog.pg_backend_pid() and locktype = 'relation' and relation >= 16384) l
  join pg_catalog.pg_class c on c.oid = l.relation
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
 where c.relkind in ('r', 'm') and n.nspname <> 'pgsluice'
   and (n.nspname <> $1 or c.relname <> $2)
   and pg_catalog.pg_stat_get_xact_tuples_inserted(c.oid)
     + pg_catalog.pg_stat_get_xact_tuples_updated(c.oid)
     + pg_catalog.pg_stat_get_xact_tuples_deleted(c.oid) > 0
 order by 1
