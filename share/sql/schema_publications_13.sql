-- Publications of PostgreSQL 13 and 14: whole tables only.
select 'publication', pubname::text, concat_ws(' ', 'owner', pubowner::regrole,
	case when puballtables then 'all tables' end, case when pubinsert then 'insert' end, case when pubupdate then 'update' end,
	case when pubdelete then 'delete' end, case when pubtruncate then 'truncate' end, case when pubviaroot then 'via root' end,
	'tables ' || (select string_agg(prrelid::regclass::text, ';' order by prrelid::regclass::text collate "C")
		from pg_publication_rel where prpubid = p.oid and prrelid in (select oid from rel))), null::text
from pg_publication p
