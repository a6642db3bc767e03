-- Casts, conversions and transforms.
select 'cast', castsource::regtype || ' as ' || casttarget::regtype, concat_ws(' ', nullif(castfunc, 0)::regprocedure,
	castcontext, castmethod), null::text
from pg_cast c
where oid >= 16384 and not exists (select from ext where classid = 'pg_cast'::regclass and objid = c.oid)
union all
select 'conversion', connamespace::regnamespace || '.' || quote_ident(conname), concat_ws(' ', 'owner', conowner::regrole,
	pg_encoding_to_char(conforencoding), pg_encoding_to_char(contoencoding), conproc, case when condefault then 'default' end), null
from pg_conversion
where connamespace in (select oid from nsx)
union all
select 'transform', trftype::regtype || ' for ' || quote_ident(lanname), concat_ws(' ', nullif(trffromsql, 0)::regprocedure,
	nullif(trftosql, 0)::regprocedure), null
from pg_transform t join pg_language l on l.oid = trflang
where not exists (select from ext where classid = 'pg_transform'::regclass and objid = t.oid)
