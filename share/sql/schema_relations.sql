-- Tables, views, materialised views, sequences, foreign tables and composite types, without their columns.
select case relkind when 'r' then 'table' when 'p' then 'table' when 'v' then 'view' when 'm' then 'materialized view'
		when 'S' then 'sequence' when 'f' then 'foreign table' else 'composite type' end,
	c.oid::regclass::text,
	concat_ws(' ',
	case relkind when 'p' then 'partitioned' end,
	case relpersistence when 'u' then 'unlogged' end,
	'owner', relowner::regrole,
	'access method ' || (select amname from pg_am where oid = relam),
	'tablespace ' || (select spcname from pg_tablespace where oid = reltablespace),
	case when relkind in ('r', 'p', 'v', 'm', 'f', 'S') then 'grants ' || coalesce((
		select string_agg(a::text, ',' order by a::text collate "C")
		from unnest(coalesce(relacl, acldefault(case when relkind = 'S' then 's' else 'r' end::"char", relowner))) a), '')
	when relkind = 'c' then 'grants ' || coalesce((
		select string_agg(a::text, ',' order by a::text collate "C")
		from pg_type t, unnest(coalesce(typacl, acldefault('T', typowner))) a where t.oid = c.reltype), '') end,
	'options ' || (select string_agg(o, ',' order by o collate "C") from unnest(reloptions) o),
	'toast options ' || (select string_agg(o, ',' order by o collate "C")
		from pg_class t, unnest(t.reloptions) o where t.oid = c.reltoastrelid),
	case when relrowsecurity then 'row level security' end,
	case when relforcerowsecurity then 'forced' end,
	case when relkind in ('r', 'p', 'm') then 'replica identity ' || relreplident::text end,
	case when relkind = 'm' then case when relispopulated then 'populated' else 'not populated' end end,
	'of ' || nullif(reloftype, 0)::regtype,
	'inherits ' || (select string_agg(inhparent::regclass::text, ',' order by inhseqno)
		from pg_inherits where inhrelid = c.oid),
	'partition by ' || pg_get_partkeydef(c.oid),
	'partition ' || pg_get_expr(relpartbound, c.oid),
	case when relkind in ('v', 'm') then 'as ' || pg_get_viewdef(c.oid) end,
	(select concat_ws(' ', seqtypid::regtype, 'start', seqstart, 'increment', seqincrement, 'max', seqmax, 'min', seqmin,
		'cache', seqcache, case when seqcycle then 'cycle' end) from pg_sequence where seqrelid = c.oid),
	(select concat_ws(' ', case deptype when 'i' then 'identity of' else 'owned by' end, refobjid::regclass, attname)
		from pg_depend d join pg_attribute on attrelid = refobjid and attnum = refobjsubid
		where relkind = 'S' and d.classid = 'pg_class'::regclass and d.objid = c.oid
			and d.refclassid = 'pg_class'::regclass and deptype in ('a', 'i') limit 1),
	(select concat_ws(' ', 'server', s.srvname, (select string_agg(o, ',' order by o collate "C") from unnest(ftoptions) o))
		from pg_foreign_table f join pg_foreign_server s on s.oid = ftserver where ftrelid = c.oid)),
	c.oid::regclass::text
from rel c where relkind in ('r', 'p', 'v', 'm', 'S', 'f', 'c')
