-- Default privileges.
select 'default privileges', concat_ws(' ', 'of', defaclrole::regrole, 'in ' || nullif(defaclnamespace, 0)::regnamespace,
	'on', defaclobjtype), (select string_agg(a::text, ',' order by a::text collate "C") from unnest(defaclacl) a), null::text
from pg_default_acl where defaclnamespace = 0 or defaclnamespace in (select oid from nsx)
