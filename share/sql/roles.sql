-- Roles as the copy must have them: attributes, memberships and settings, never passwords. From
-- 16 on a membership has options of its own.
select 'role', rolname::text, concat_ws(' ',
	case when rolsuper then 'superuser' end, case when not rolinherit then 'noinherit' end,
	case when rolcreaterole then 'createrole' end, case when rolcreatedb then 'createdb' end,
	case when rolcanlogin then 'login' end, case when rolreplication then 'replication' end,
	case when rolbypassrls then 'bypassrls' end,
	'connections ' || nullif(rolconnlimit, -1), 'valid until ' || rolvaliduntil), null::text
from pg_roles where rolname !~ '^pg_'
union all
select 'membership', quote_ident(r.rolname) || ' in ' || quote_ident(g.rolname),
	concat_ws(' ', case when bool_or(m.admin_option) then 'admin' end,
		case when not bool_or((to_jsonb(m) ->> 'inherit_option')::bool) then 'without inherit' end,
		case when not bool_or((to_jsonb(m) ->> 'set_option')::bool) then 'without set' end), null
from pg_auth_members m join pg_roles r on r.oid = m.member join pg_roles g on g.oid = m.roleid
where r.rolname !~ '^pg_'
group by r.rolname, g.rolname
union all
select 'role setting', coalesce(r.rolname::text, 'of all'), (select string_agg(o, ',' order by o collate "C") from unnest(setconfig) o),
	null
from pg_db_role_setting s left join pg_roles r on r.oid = setrole
where setdatabase = 0
