-- Rows that the open transaction changed, by table; $1.$2 is the history table. Only relations it has locked can have
-- changed. Every migration pays for this, so the names come from a function: joins with the catalog take the planner
-- twice as long. A relation that was dropped has no name any more, and 13 does not forgive being asked for it.
select i.identity,
       pg_catalog.pg_stat_get_xact_tuples_inserted(l.relation),
       pg_catalog.pg_stat_get_xact_tuples_updated(l.relation),
       pg_catalog.pg_stat_get_xact_tuples_deleted(l.relation)
  from (select distinct relation from pg_catalog.pg_lock_status()
         where pid = pg_catalog.pg_backend_pid() and locktype = 'relation' and relation >= 16384) l,
       pg_catalog.pg_identify_object(
           'pg_catalog.pg_class'::pg_catalog.regclass,
           case when pg_catalog.pg_table_is_visible(l.relation) is not null then l.relation end, 0) i
 where pg_catalog.pg_stat_get_xact_tuples_inserted(l.relation)
     + pg_catalog.pg_stat_get_xact_tuples_updated(l.relation)
     + pg_catalog.pg_stat_get_xact_tuples_deleted(l.relation) > 0
   and i.type in ('table', 'materialized view') and i.schema <> 'pgsluice'
   and i.identity <> pg_catalog.quote_ident($1) || '.' || pg_catalog.quote_ident($2)
 order by 1
