-- Indexes with what their definition does not print.
select 'index', i.indexrelid::regclass::text, concat_ws(' ', pg_get_indexdef(i.indexrelid),
	case when not indisvalid then 'invalid' end,
	case when not indisready then 'not ready' end,
	case when not indislive then 'being dropped' end,
	case when indisclustered then 'clustered' end,
	case when indisreplident then 'replica identity' end,
	case when not indimmediate then 'deferrable' end,
	'partition of ' || (select inhparent::regclass::text from pg_inherits where inhrelid = i.indexrelid),
	'tablespace ' || (select spcname from pg_tablespace where oid = c.reltablespace),
	'statistics ' || (select string_agg(attnum || '=' || attstattarget, ',' order by attnum)
		from pg_attribute where attrelid = i.indexrelid and coalesce(attstattarget, -1) >= 0)),
	i.indrelid::regclass::text
from pg_index i join rel c on c.oid = indexrelid
