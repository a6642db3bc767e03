-- Tables that another, open transaction truncated, rewrote or dropped: of the oids in $1 those whose committed file is
-- not the one in $2. The history table ($3.$4) and temporary tables, which are the session's own, do not count.
select pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname)
  from unnest($1::pg_catalog.oid[], $2::pg_catalog.oid[]) as t(relation, file)
  join pg_catalog.pg_class c on c.oid = t.relation
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
 where c.relkind in ('r', 'm') and c.relpersistence <> 't' and n.nspname <> 'pgsluice'
   and (n.nspname <> $3 or c.relname <> $4)
   and coalesce(pg_catalog.pg_relation_filenode(c.oid), 0) operator(pg_catalog.<>) t.file
 order by 1
