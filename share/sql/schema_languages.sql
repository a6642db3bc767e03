-- Procedural languages and access methods that did not come with the server.
select 'language', lanname::text, concat_ws(' ', 'owner', lanowner::regrole, case when lanpltrusted then 'trusted' end,
	'grants', (select string_agg(a::text, ',' order by a::text collate "C")
		from unnest(coalesce(lanacl, acldefault('l', lanowner))) a)), null::text
from pg_language l
where oid >= 16384 and not exists (select from ext where classid = 'pg_language'::regclass and objid = l.oid)
union all
select 'access method', amname::text, concat_ws(' ', amtype, amhandler), null
from pg_am a
where oid >= 16384 and not exists (select from ext where classid = 'pg_am'::regclass and objid = a.oid)
