-- Roles that this database cannot do without: owners, those with grants, the owner of the database, and those named in
-- $1. With the statement that makes each.
with used as (
	select refobjid as oid from pg_shdepend
	where refclassid = 'pg_authid'::regclass and (dbid = (select oid from pg_database where datname = current_database())
		or classid = 'pg_database'::regclass and objid = (select oid from pg_database where datname = current_database()))
	union select datdba from pg_database where datname = current_database()
	union select relowner from pg_class where oid >= 16384
	union select nspowner from pg_namespace where oid >= 16384
	union select setrole from pg_db_role_setting
		where setdatabase = (select oid from pg_database where datname = current_database())
	union select oid from pg_roles where rolname = any ($1::name[])
)
select rolname::text, format('CREATE ROLE %I%s%s', rolname, case when rolcanlogin then ' LOGIN' else '' end,
	case when rolsuper then ' SUPERUSER' when rolbypassrls then ' BYPASSRLS' else '' end)
from pg_roles r join used using (oid)
where rolname !~ '^pg_'
order by 1
