-- Indexes that are not valid or not ready: what a concurrent build leaves behind when it does not get to its end.
select pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname), c.relname
  from pg_catalog.pg_index i
  join pg_catalog.pg_class c on c.oid = i.indexrelid
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
 where not (i.indisvalid and i.indisready and i.indislive) and c.relkind = 'i' and n.nspname <> 'pg_toast'
 order by 1
