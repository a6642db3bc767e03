-- Extended statistics objects.
select 'statistics', stxnamespace::regnamespace || '.' || quote_ident(stxname), concat_ws(' ',
	pg_get_statisticsobjdef(oid), 'owner', stxowner::regrole, 'target ' || nullif(coalesce(stxstattarget, -1), -1)),
	stxrelid::regclass::text
from pg_statistic_ext where stxrelid in (select oid from rel)
