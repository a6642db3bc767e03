-- Of the tables that a DETACH PARTITION names ($1, by this session's search path), one row: whether they are there; the
-- table and its partition, null where neither is one of the other; whether its concurrent DETACH was begun and has not
-- ended (a column from PostgreSQL 14 on).
with named (oid) as (
    select pg_catalog.to_regclass(u.name)::pg_catalog.oid from pg_catalog.unnest($1::pg_catalog.text[]) as u (name)
), link as (
    select pg_catalog.quote_ident(tn.nspname) operator(pg_catalog.||) '.' operator(pg_catalog.||)
               pg_catalog.quote_ident(t.relname) as "table",
           pg_catalog.quote_ident(pn.nspname) operator(pg_catalog.||) '.' operator(pg_catalog.||)
               pg_catalog.quote_ident(p.relname) as partition,
           coalesce((pg_catalog.to_jsonb(i) operator(pg_catalog.->>) 'inhdetachpending')::pg_catalog.bool, false)
               as pending
      from pg_catalog.pg_inherits i
      join named nt on nt.oid operator(pg_catalog.=) i.inhparent
      join named np on np.oid operator(pg_catalog.=) i.inhrelid
      join pg_catalog.pg_class t on t.oid operator(pg_catalog.=) i.inhparent
      join pg_catalog.pg_namespace tn on tn.oid operator(pg_catalog.=) t.relnamespace
      join pg_catalog.pg_class p on p.oid operator(pg_catalog.=) i.inhrelid
      join pg_catalog.pg_namespace pn on pn.oid operator(pg_catalog.=) p.relnamespace
)
select (select pg_catalog.bool_and(named.oid is not null) from named), link."table", link.partition, link.pending
  from (values (1)) as one (row)
  left join link on true
