-- Row level security policies.
select 'policy', polrelid::regclass::text || '.' || quote_ident(polname), concat_ws(' ',
	'for', polcmd, case when polpermissive then 'permissive' else 'restrictive' end,
	'to', (select string_agg(case when o = 0 then 'public' else o::regrole::text end, ',' order by o::regrole::text collate "C")
		from unnest(polroles) o),
	'using ' || pg_get_expr(polqual, polrelid), 'check ' || pg_get_expr(polwithcheck, polrelid)),
	polrelid::regclass::text
from pg_policy where polrelid in (select oid from rel)
