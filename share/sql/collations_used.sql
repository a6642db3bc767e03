-- Operating system locales that a collation of this database stands on, besides the database's own: name, collate,
-- ctype, and whether the collation is one of the server's own, which no dump carries.
select collname::text, collcollate, collctype, collnamespace = 'pg_catalog'::regnamespace
from pg_collation c
where collprovider = 'c' and collcollate not in ('C', 'POSIX', '')
	and (collnamespace <> 'pg_catalog'::regnamespace or c.oid in (
		select refobjid from pg_depend where refclassid = 'pg_collation'::regclass
		union select attcollation from pg_attribute where attrelid >= 16384
		union select unnest(indcollation) from pg_index where indexrelid >= 16384
		union select typcollation from pg_type where oid >= 16384))
order by 1, 2
