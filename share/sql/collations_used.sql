-- Operating system locales that a collation of this database stands on, besides the database's own: name, collate,
-- ctype, and whether the collation came with the cluster.
select collname::text, collcollate, collctype, c.oid < 16384
from pg_collation c
where collprovider = 'c' and collcollate not in ('C', 'POSIX', '')
	and (c.oid >= 16384 or c.oid in (
		select refobjid from pg_depend where refclassid = 'pg_collation'::regclass
		union select attcollation from pg_attribute where attrelid >= 16384
		union select unnest(indcollation) from pg_index where indexrelid >= 16384
		union select typcollation from pg_type where oid >= 16384))
order by 1, 2
