-- Publications, from PostgreSQL 15 on with row filters, column lists and whole schemas.
select 'publication', pubname::text, concat_ws(' ', 'owner', pubowner::regrole,
	case when puballtables then 'all tables' end, case when pubinsert then 'insert' end, case when pubupdate then 'update' end,
	case when pubdelete then 'delete' end, case when pubtruncate then 'truncate' end, case when pubviaroot then 'via root' end,
	to_jsonb(p) ->> 'pubgencols',
	'tables ' || (select string_agg(concat_ws(' ', prrelid::regclass, 'where ' || pg_get_expr(prqual, prrelid),
			(select string_agg(attname, ',' order by attnum) from pg_attribute
				where attrelid = prrelid and attnum = any (prattrs))), ';' order by prrelid::regclass::text collate "C")
		from pg_publication_rel where prpubid = p.oid and prrelid in (select oid from rel)),
	'schemas ' || (select string_agg(pnnspid::regnamespace::text, ',' order by pnnspid::regnamespace::text collate "C")
		from pg_publication_namespace where pnpubid = p.oid)), null::text
from pg_publication p
