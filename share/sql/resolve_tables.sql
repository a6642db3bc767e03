-- The table that a name means on this session's search path, with all its partitions and children.
with recursive t(oid) as (
    select pg_catalog.to_regclass($1)::pg_catalog.oid
    union
    select i.inhrelid from pg_catalog.pg_inherits i join t on t.oid operator(pg_catalog.=) i.inhparent
)
select oid from t where oid is not null
