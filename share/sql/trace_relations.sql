-- Names and files of all relations of users: what the locks of a statement are resolved with.
select c.oid, pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname), c.relkind,
       coalesce(pg_catalog.pg_relation_filenode(c.oid), 0)
  from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
 where c.oid >= 16384 and ($1::pg_catalog.oid[] is null or c.oid = any ($1::pg_catalog.oid[]))
 order by c.oid
