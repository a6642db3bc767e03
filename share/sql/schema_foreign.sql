-- Foreign-data wrappers, servers, and user mappings by name only: their options hold passwords.
select 'foreign-data wrapper', fdwname::text, concat_ws(' ', 'owner', fdwowner::regrole, nullif(fdwhandler, 0)::regproc,
	nullif(fdwvalidator, 0)::regproc,
	'grants', (select string_agg(a::text, ',' order by a::text collate "C")
		from unnest(coalesce(fdwacl, acldefault('F', fdwowner))) a),
	'options ' || (select string_agg(o, ',' order by o collate "C") from unnest(fdwoptions) o)), null::text
from pg_foreign_data_wrapper f
where not exists (select from ext where classid = 'pg_foreign_data_wrapper'::regclass and objid = f.oid)
union all
select 'server', srvname::text, concat_ws(' ', 'owner', srvowner::regrole,
	'wrapper', (select fdwname from pg_foreign_data_wrapper where oid = srvfdw), srvtype, srvversion,
	'grants', (select string_agg(a::text, ',' order by a::text collate "C")
		from unnest(coalesce(srvacl, acldefault('S', srvowner))) a),
	'options ' || (select string_agg(o, ',' order by o collate "C") from unnest(srvoptions) o)), null
from pg_foreign_server s
where not exists (select from ext where classid = 'pg_foreign_server'::regclass and objid = s.oid)
union all
select 'user mapping', quote_ident(srvname) || ' for ' || quote_ident(usename), '', null from pg_user_mappings
