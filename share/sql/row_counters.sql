-- Rows inserted and deleted so far, by table: what fell between two looks.
select pg_catalog.quote_ident(schemaname) || '.' || pg_catalog.quote_ident(relname), n_tup_ins - n_tup_del
  from pg_catalog.pg_stat_all_tables
 where schemaname !~ '^pg_' and schemaname not in ('information_schema', 'pgsluice')
 order by 1
