-- An index by name in the schema of its table: its qualified name and whether it is valid. No row: it is not there.
select pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname),
       i.indisvalid and i.indisready and i.indislive
  from pg_catalog.pg_class c
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  join pg_catalog.pg_index i on i.indexrelid = c.oid
 where c.relname = $2
   and c.relnamespace = coalesce((select relnamespace from pg_catalog.pg_class where oid = pg_catalog.to_regclass($1)),
                                 (select relnamespace from pg_catalog.pg_class where oid = pg_catalog.to_regclass($2)))
