-- Relations that a fingerprint looks at, the biggest first. Extension members carry the condition under which a dump
-- takes their rows ('' = all of them), or null where it takes none.
select c.oid::text, c.oid::regclass::text, relkind, relpersistence,
	case when relkind in ('r', 'm') then pg_table_size(c.oid) else 0 end as bytes,
	case when relkind in ('r', 'm') then pg_relation_size(c.oid) / current_setting('block_size')::int else 0 end,
	coalesce((select amname = 'heap' from pg_am a where a.oid = relam), false),
	has_schema_privilege(relnamespace, 'USAGE') and has_table_privilege(c.oid, 'SELECT'),
	row_security_active(c.oid),
	e.extname::text,
	(select x.extcondition[array_position(x.extconfig, c.oid)] from pg_extension x where x.oid = e.oid),
	relispopulated
from pg_class c join pg_namespace n on n.oid = relnamespace
	left join pg_depend d on d.classid = 'pg_class'::regclass and d.objid = c.oid and d.objsubid = 0 and d.deptype = 'e'
	left join pg_extension e on d.refclassid = 'pg_extension'::regclass and e.oid = d.refobjid
where relkind in ('r', 'p', 'm', 'f') and nspname !~ '^pg_' and nspname <> 'information_schema'
order by bytes desc, c.oid
