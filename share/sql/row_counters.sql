-- Rows inserted and deleted so far, by table (told by oid: a name can go to another table): what fell between two looks.
select relid, n_tup_ins - n_tup_del, pg_catalog.quote_ident(schemaname) || '.' || pg_catalog.quote_ident(relname)
  from pg_catalog.pg_stat_all_tables
 where schemaname !~ '^pg_' and schemaname not in ('information_schema', 'pgsluice')
 order by 1
