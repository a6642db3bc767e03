-- Collations. Their columns differ from version to version, so they are taken by name; library versions are left out.
select 'collation', c.oid::regcollation::text, concat_ws(' ', 'owner', collowner::regrole,
	(to_jsonb(c) - '{oid,collname,collnamespace,collowner,collversion,colliculocale,colllocale}'::text[])::text,
	coalesce(to_jsonb(c) ->> 'colliculocale', to_jsonb(c) ->> 'colllocale')), null::text
from pg_collation c
where collnamespace in (select oid from nsx)
	and not exists (select from ext where classid = 'pg_collation'::regclass and objid = c.oid)
