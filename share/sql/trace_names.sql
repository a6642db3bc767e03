-- The same as trace_relations.sql for those in $1 alone: a plan that fits both reads the whole catalog.
select c.oid, c.relnamespace::pg_catalog.regnamespace::pg_catalog.text || '.' || pg_catalog.quote_ident(c.relname),
       c.relkind, coalesce(pg_catalog.pg_relation_filenode(c.oid), 0)
  from pg_catalog.pg_class c
 where c.oid = any ($1::pg_catalog.oid[])
