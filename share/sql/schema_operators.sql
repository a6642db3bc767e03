-- Operators, operator classes and operator families.
select 'operator', o.oid::regoperator::text, concat_ws(' ', 'owner', oprowner::regrole, oprcode,
	'commutator ' || nullif(oprcom, 0)::regoperator, 'negator ' || nullif(oprnegate, 0)::regoperator, oprrest, oprjoin,
	case when oprcanhash then 'hashes' end, case when oprcanmerge then 'merges' end), null::text
from pg_operator o
where oprcode <> 0 and oprnamespace in (select oid from nsx)
	and not exists (select from ext where classid = 'pg_operator'::regclass and objid = o.oid)
union all
select 'operator class', amname || ' ' || opcnamespace::regnamespace || '.' || quote_ident(opcname), concat_ws(' ',
	'owner', opcowner::regrole, 'for', opcintype::regtype, case when opcdefault then 'default' end,
	'key ' || nullif(opckeytype, 0)::regtype, 'family', (select opfname from pg_opfamily where oid = opcfamily)), null
from pg_opclass o join pg_am a on a.oid = opcmethod
where opcnamespace in (select oid from nsx)
	and not exists (select from ext where classid = 'pg_opclass'::regclass and objid = o.oid)
union all
select 'operator family', amname || ' ' || opfnamespace::regnamespace || '.' || quote_ident(opfname), concat_ws(' ',
	'owner', opfowner::regrole,
	(select string_agg(concat_ws(' ', amopstrategy, amopopr::regoperator, amoppurpose), ','
			order by amopstrategy, amopopr::regoperator::text collate "C") from pg_amop where amopfamily = o.oid),
	(select string_agg(concat_ws(' ', amprocnum, amproc::regprocedure), ','
			order by amprocnum, amproc::regprocedure::text collate "C") from pg_amproc where amprocfamily = o.oid)), null
from pg_opfamily o join pg_am a on a.oid = opfmethod
where opfnamespace in (select oid from nsx)
	and not exists (select from ext where classid = 'pg_opfamily'::regclass and objid = o.oid)
