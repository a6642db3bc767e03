-- Rights that a run will need and does not have: kind (read, rows, write, sessions), role, what it is about, and the statement that
-- gives it. A login role that sees everything reads as itself, any other as the role taken on, which also writes the ledger.
with reader as (
	select oid, quote_ident(rolname) as name, rolsuper or rolbypassrls as sees_all from pg_roles
	where rolname = case when (select rolsuper or rolbypassrls from pg_roles where rolname = session_user)
		then session_user else current_user end
),
rel as (
	select c.oid, c.oid::regclass::text as name, relnamespace, relkind, relowner, relrowsecurity, relforcerowsecurity
	from pg_class c join pg_namespace n on n.oid = relnamespace
	where relkind in ('r', 'p', 'm', 'S') and nspname !~ '^pg_' and nspname <> 'information_schema'
)
select kind, role, what, statement from (
	select 1 as place, 'read' as kind, reader.name as role, 'schema ' || n.oid::regnamespace as what,
		format('GRANT USAGE ON SCHEMA %s TO %s', n.oid::regnamespace, reader.name) as statement
	from pg_namespace n, reader
	where n.oid in (select relnamespace from rel) and not has_schema_privilege(reader.oid, n.oid, 'USAGE')
	union all
	select 2, 'read', reader.name, rel.name, format('GRANT SELECT ON %s%s TO %s', case relkind when 'S' then 'SEQUENCE ' else '' end,
		rel.name, reader.name)
	from rel, reader where not has_table_privilege(reader.oid, rel.oid, 'SELECT')
	union all
	select 3, 'read', reader.name, 'large object ' || m.oid, format('GRANT SELECT ON LARGE OBJECT %s TO %s', m.oid, reader.name)
	from pg_largeobject_metadata m, reader
	where not pg_has_role(reader.oid, lomowner, 'USAGE') and not current_setting('lo_compat_privileges')::bool
		and not exists (select from aclexplode(lomacl) where privilege_type = 'SELECT'
			and (grantee = 0 or pg_has_role(reader.oid, grantee, 'USAGE')))
	union all
	select 4, 'rows', reader.name, rel.name, format('ALTER ROLE %s BYPASSRLS', reader.name)
	from rel, reader
	where relrowsecurity and relkind in ('r', 'p') and not sees_all
		and (relforcerowsecurity or not pg_has_role(reader.oid, relowner, 'USAGE'))
	union all
	select 5, 'write', quote_ident(current_user), 'database ' || quote_ident(current_database()),
		format('GRANT CREATE ON DATABASE %I TO %I', current_database(), current_user)
	where not exists (select from pg_namespace where nspname = 'pgsluice')
		and not has_database_privilege(current_database(), 'CREATE')
	union all
	select 6, 'write', quote_ident(current_user), 'schema pgsluice', format('GRANT USAGE ON SCHEMA pgsluice TO %I', current_user)
	from pg_namespace where nspname = 'pgsluice' and not has_schema_privilege(oid, 'USAGE')
	union all
	select 7, 'write', quote_ident(current_user), 'pgsluice.ledger', format('GRANT SELECT, INSERT ON pgsluice.ledger TO %I', current_user)
	from pg_class c join pg_namespace n on n.oid = relnamespace
	where nspname = 'pgsluice' and relname = 'ledger'
		and not (has_table_privilege(c.oid, 'SELECT') and has_table_privilege(c.oid, 'INSERT'))
	union all
	select 8, 'sessions', quote_ident(current_user), 'pg_monitor', format('GRANT pg_monitor TO %I', current_user)
	from pg_roles where rolname = current_user and not rolsuper and not pg_has_role('pg_read_all_stats', 'USAGE')
) missing
order by place, what
