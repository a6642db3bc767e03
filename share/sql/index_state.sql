-- An index ($2) in the schema of its table ($1), or by its own name ($3): its qualified name and whether it is valid.
-- No row: it is not there.
select pg_catalog.quote_ident(n.nspname) operator(pg_catalog.||) '.' operator(pg_catalog.||)
           pg_catalog.quote_ident(c.relname),
       i.indisvalid and i.indisready and i.indislive
  from pg_catalog.pg_class c
  join pg_catalog.pg_namespace n on n.oid operator(pg_catalog.=) c.relnamespace
  join pg_catalog.pg_index i on i.indexrelid operator(pg_catalog.=) c.oid
 where c.relname operator(pg_catalog.=) $2::pg_catalog.name
   and c.relnamespace operator(pg_catalog.=)
       coalesce((select relnamespace from pg_catalog.pg_class
                  where oid operator(pg_catalog.=) pg_catalog.to_regclass($1)::pg_catalog.oid),
                (select relnamespace from pg_catalog.pg_class
                  where oid operator(pg_catalog.=) pg_catalog.to_regclass($3)::pg_catalog.oid))
