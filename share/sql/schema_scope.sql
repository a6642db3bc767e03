-- The scope of the schema digest: what belongs to it before the parts in schema_*.sql pick their kind. Extension
-- members, schema pgsluice and the history table ($1, as to_regclass reads it, or null) with all it owns stay out.
-- Every part returns kind, name, definition and the relation it hangs on (null where there is none).
with ext as materialized (
	select classid, objid from pg_depend where deptype = 'e'
),
own as materialized (
	select 'pg_class'::regclass::oid as classid, to_regclass($1)::oid as objid
	union all select 'pg_class'::regclass, indexrelid from pg_index where indrelid = to_regclass($1)
	union all select 'pg_class'::regclass, objid from pg_depend where classid = 'pg_class'::regclass
		and refclassid = 'pg_class'::regclass and refobjid = to_regclass($1) and deptype in ('a', 'i')
	union all select 'pg_constraint'::regclass, oid from pg_constraint where conrelid = to_regclass($1)
	union all select 'pg_trigger'::regclass, oid from pg_trigger where tgrelid = to_regclass($1)
	union all select 'pg_policy'::regclass, oid from pg_policy where polrelid = to_regclass($1)
	union all select 'pg_rewrite'::regclass, oid from pg_rewrite where ev_class = to_regclass($1)
),
nsx as materialized (
	select oid, nspname, nspowner, nspacl from pg_namespace
	where nspname !~ '^pg_' and nspname not in ('information_schema', 'pgsluice')
),
ns as materialized (
	select * from nsx n where not exists (
		select from ext where classid = 'pg_namespace'::regclass and objid = n.oid)
),
rel as materialized (
	select c.* from pg_class c
	where relnamespace in (select oid from nsx)
		and not exists (select from ext e where e.classid = 'pg_class'::regclass and e.objid = c.oid)
		and not exists (select from own o where o.classid = 'pg_class'::regclass and o.objid = c.oid)
),
typ as materialized (
	select t.* from pg_type t
	where typnamespace in (select oid from nsx)
		and not exists (select from ext e where e.classid = 'pg_type'::regclass and e.objid = t.oid)
		and not exists (select from ext e join pg_class c on c.reltype = t.oid
			where e.classid = 'pg_class'::regclass and e.objid = c.oid)
),
