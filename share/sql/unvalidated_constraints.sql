-- Constraints that are not validated, as "schema.table.constraint".
select c.conrelid::pg_catalog.regclass::pg_catalog.text || '.' || pg_catalog.quote_ident(c.conname)
  from pg_catalog.pg_constraint c join pg_catalog.pg_namespace n on n.oid = c.connamespace
 where not c.convalidated and c.conrelid <> 0 and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
 order by 1
