-- Extensions, and grants on members and built-in objects that were changed after they were made. The owner is left
-- out: a restore makes it the restoring role.
select 'extension', extname::text, concat_ws(' ', 'schema', extnamespace::regnamespace, 'version', extversion), null::text
from pg_extension
union all
select 'grants', concat_ws(' ', i.type, i.identity),
	(select string_agg(a::text, ',' order by a::text collate "C") from unnest(p.acl) a), null
from (
	select 'pg_proc'::regclass as cl, oid, proacl as acl from pg_proc
		where proacl is not null and pronamespace <> 'information_schema'::regnamespace
	union all select 'pg_class'::regclass, oid, relacl from pg_class
		where relacl is not null and relkind <> 'S' and relnamespace <> 'information_schema'::regnamespace
	union all select 'pg_namespace'::regclass, oid, nspacl from pg_namespace
		where nspacl is not null and nspname not in ('information_schema', 'pg_toast')
) p left join pg_init_privs ip on ip.classoid = cl and ip.objoid = p.oid and ip.objsubid = 0,
pg_identify_object(cl, p.oid, 0) i
where (p.oid < 16384 or exists (select from ext e where e.classid = cl and e.objid = p.oid))
	and (select array_agg(x::text order by x::text collate "C") from unnest(p.acl) x)
		is distinct from (select array_agg(x::text order by x::text collate "C") from unnest(ip.initprivs) x)
