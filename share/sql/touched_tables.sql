-- What ANALYZE is to be told after a plan has run: tables whose definition, indexes or statistics objects are younger
-- than the transaction $1, and those named in $2, whose rows changed. Each as the root of its partitions, but where one
-- of those is a foreign table, which would be asked.
with touched as (
	select c.oid from pg_class c
	where c.relkind in ('r', 'm', 'p') and c.relpersistence <> 't'
		and (age(c.xmin) < age($1::xid)
			or exists (select from pg_attribute a where a.attrelid = c.oid and age(a.xmin) < age($1::xid))
			or exists (select from pg_index i where i.indrelid = c.oid and age(i.xmin) < age($1::xid))
			or exists (select from pg_statistic_ext s where s.stxrelid = c.oid and age(s.xmin) < age($1::xid)))
	union
	select to_regclass(name)::oid from unnest($2::text[]) name
	where to_regclass(name) is not null
)
select distinct (case when foreign_parts then c.oid else coalesce(pg_partition_root(c.oid), c.oid) end)::regclass::text
from pg_class c
join touched on touched.oid = c.oid
join pg_namespace n on n.oid = relnamespace
cross join lateral (
	select exists (select from pg_partition_tree(coalesce(pg_partition_root(c.oid), c.oid)) t
		join pg_class f on f.oid = t.relid where f.relkind = 'f') as foreign_parts
) p
where nspname !~ '^pg_' and nspname <> 'information_schema' and relkind in ('r', 'm', 'p')
	and not (relkind = 'p' and foreign_parts)
order by 1
