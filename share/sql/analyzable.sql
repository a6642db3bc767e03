-- What ANALYZE is to be told: users' tables, the biggest first. A partitioned one brings its partitions along; where one
-- of those is a foreign table, which would be asked, the others are told one by one.
select c.oid::regclass::text
from pg_class c
join pg_namespace n on n.oid = relnamespace
cross join lateral (
  select exists (select from pg_partition_tree(coalesce(pg_partition_root(c.oid), c.oid)) t
                 join pg_class f on f.oid = t.relid where f.relkind = 'f') as foreign_parts
) p
where nspname !~ '^pg_' and nspname <> 'information_schema'
  and case when relkind = 'p' then not relispartition and not foreign_parts
           when relkind in ('r', 'm') then not relispartition or foreign_parts
           else false end
order by pg_table_size(c.oid) desc, c.oid
