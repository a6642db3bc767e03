-- Schemas with owner and grants. A missing grant list means the default one.
select 'schema'::text, nspname::text, concat_ws(' ', 'owner', nspowner::regrole, 'grants', (
	select string_agg(a::text, ',' order by a::text collate "C")
	from unnest(coalesce(nspacl, acldefault('n', nspowner))) a)), null::text
from ns
