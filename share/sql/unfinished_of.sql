-- Indexes that are not valid or not ready on the relations that a statement names ($1, by this session's search path),
-- with partitions and children; where it names none (REINDEX of a schema), anywhere. What others build is no leftover.
with recursive named (oid) as (
    select pg_catalog.to_regclass(u.name)::pg_catalog.oid from pg_catalog.unnest($1::pg_catalog.text[]) as u (name)
    union
    select i.inhrelid from pg_catalog.pg_inherits i join named on i.inhparent operator(pg_catalog.=) named.oid
)
select pg_catalog.quote_ident(n.nspname) operator(pg_catalog.||) '.' operator(pg_catalog.||)
           pg_catalog.quote_ident(c.relname), c.relname
  from pg_catalog.pg_index i
  join pg_catalog.pg_class c on c.oid operator(pg_catalog.=) i.indexrelid
  join pg_catalog.pg_namespace n on n.oid operator(pg_catalog.=) c.relnamespace
 where not (i.indisvalid and i.indisready and i.indislive) and c.relkind operator(pg_catalog.=) 'i'
   and n.nspname operator(pg_catalog.<>) 'pg_toast'
   and (pg_catalog.cardinality($1::pg_catalog.text[]) operator(pg_catalog.=) 0
        or i.indrelid in (select oid from named) or i.indexrelid in (select oid from named))
 order by 1
