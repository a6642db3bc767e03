-- Names and files of all relations of users: what the locks of a statement are resolved with.
select c.oid, c.relnamespace::pg_catalog.regnamespace::pg_catalog.text || '.' || pg_catalog.quote_ident(c.relname),
       c.relkind, coalesce(pg_catalog.pg_relation_filenode(c.oid), 0)
  from pg_catalog.pg_class c
 where c.oid >= 16384
 order by c.oid
