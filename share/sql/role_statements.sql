-- What makes this server's roles elsewhere, in order: roles without passwords, memberships, settings. The role with
-- oid 10 made the cluster and is there; roles whose name begins with pg_ come with the server.
with s (place, name, statement) as (
	select 1, rolname::text, format('%s ROLE %I WITH %s %s %s %s %s %s %s CONNECTION LIMIT %s%s',
		case when oid = 10 then 'ALTER' else 'CREATE' end, rolname,
		case when rolsuper then 'SUPERUSER' else 'NOSUPERUSER' end,
		case when rolinherit then 'INHERIT' else 'NOINHERIT' end,
		case when rolcreaterole then 'CREATEROLE' else 'NOCREATEROLE' end,
		case when rolcreatedb then 'CREATEDB' else 'NOCREATEDB' end,
		case when rolcanlogin then 'LOGIN' else 'NOLOGIN' end,
		case when rolreplication then 'REPLICATION' else 'NOREPLICATION' end,
		case when rolbypassrls then 'BYPASSRLS' else 'NOBYPASSRLS' end,
		rolconnlimit,
		case when rolvaliduntil is not null then format(' VALID UNTIL %L', rolvaliduntil) else '' end)
	from pg_roles where rolname !~ '^pg_'
	union all
	select 2, r.rolname || ' ' || g.rolname, format('GRANT %I TO %I%s', g.rolname, r.rolname,
		case when current_setting('server_version_num')::int < 160000
			then case when bool_or(m.admin_option) then ' WITH ADMIN OPTION' else '' end
			else format(' WITH ADMIN %s, INHERIT %s, SET %s', bool_or(m.admin_option)::text,
				bool_or((to_jsonb(m) ->> 'inherit_option')::bool)::text,
				bool_or((to_jsonb(m) ->> 'set_option')::bool)::text) end)
	from pg_auth_members m join pg_roles r on r.oid = m.member join pg_roles g on g.oid = m.roleid
	where r.rolname !~ '^pg_'
	group by r.rolname, g.rolname
	union all
	select 3, coalesce(r.rolname, '')::text, format('INSERT INTO pg_catalog.pg_db_role_setting (setdatabase, setrole, setconfig)'
		' VALUES (0, coalesce((SELECT oid FROM pg_catalog.pg_authid WHERE rolname = %L), 0), %L)', r.rolname, setconfig)
	from pg_db_role_setting s left join pg_roles r on r.oid = setrole
	where setdatabase = 0
)
select statement from s order by place, name collate "C"
