-- Text search configurations, dictionaries, parsers and templates.
select 'text search configuration', c.oid::regconfig::text, concat_ws(' ', 'owner', cfgowner::regrole,
	'parser', (select prsname from pg_ts_parser where oid = cfgparser),
	(select string_agg(maptokentype || ' ' || mapseqno || ' ' || mapdict::regdictionary, ',' order by maptokentype, mapseqno)
		from pg_ts_config_map where mapcfg = c.oid)), null::text
from pg_ts_config c
where cfgnamespace in (select oid from nsx)
	and not exists (select from ext where classid = 'pg_ts_config'::regclass and objid = c.oid)
union all
select 'text search dictionary', d.oid::regdictionary::text, concat_ws(' ', 'owner', dictowner::regrole,
	'template', (select tmplname from pg_ts_template where oid = dicttemplate), dictinitoption), null
from pg_ts_dict d
where dictnamespace in (select oid from nsx)
	and not exists (select from ext where classid = 'pg_ts_dict'::regclass and objid = d.oid)
union all
select 'text search parser', prsnamespace::regnamespace || '.' || quote_ident(prsname),
	concat_ws(' ', prsstart, prstoken, prsend, prsheadline, prslextype), null
from pg_ts_parser p
where prsnamespace in (select oid from nsx)
	and not exists (select from ext where classid = 'pg_ts_parser'::regclass and objid = p.oid)
union all
select 'text search template', tmplnamespace::regnamespace || '.' || quote_ident(tmplname), concat_ws(' ', tmplinit, tmpllexize), null
from pg_ts_template t
where tmplnamespace in (select oid from nsx)
	and not exists (select from ext where classid = 'pg_ts_template'::regclass and objid = t.oid)
