-- Columns. The rank among the live columns counts, except in children of plain inheritance: a restore puts a column that
-- a parent got later in another place. A partition's `DEFAULT NULL::type` is what a restore makes of no default.
-- Of the options only n_distinct is ours to set; others are the server's own marks.
select 'column', attrelid::regclass::text || '.' || quote_ident(attname), concat_ws(' ',
	case when not exists (select from pg_inherits h join pg_class k on k.oid = h.inhrelid
		where h.inhrelid = attrelid and not k.relispartition) then '#' || pos end,
	format_type(atttypid, atttypmod),
	'collate ' || nullif(attcollation, (select typcollation from pg_type where oid = atttypid))::regcollation,
	case when attnotnull then 'not null' end,
	'default ' || nullif(regexp_replace(pg_get_expr(adbin, adrelid), '^NULL::.*$', ''), ''),
	'generated ' || nullif(attgenerated::text, ''),
	'identity ' || nullif(attidentity::text, ''),
	'storage', attstorage,
	'compression ' || nullif(attcompression::text, ''),
	'statistics ' || nullif(coalesce(attstattarget, -1), -1),
	(select string_agg(o, ',' order by o collate "C") from unnest(attoptions) o where o ~ '^n_distinct'),
	'options ' || (select string_agg(o, ',' order by o collate "C") from unnest(attfdwoptions) o),
	case when not attislocal then 'inherited' end, nullif(attinhcount, 0),
	'grants ' || (select string_agg(x::text, ',' order by x::text collate "C") from unnest(attacl) x)),
	attrelid::regclass::text
from cols a left join pg_attrdef on adrelid = attrelid and adnum = attnum
where attrelid in (select oid from rel where relkind in ('r', 'p', 'v', 'm', 'f', 'c'))
