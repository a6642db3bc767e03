-- Functions, procedures and aggregates. pg_get_functiondef refuses aggregates.
select case prokind when 'p' then 'procedure' when 'a' then 'aggregate' else 'function' end, p.oid::regprocedure::text,
	concat_ws(' ', 'owner', proowner::regrole,
	'grants', (select string_agg(a::text, ',' order by a::text collate "C")
		from unnest(coalesce(proacl, acldefault('f', proowner))) a),
	case when prokind <> 'a' then pg_get_functiondef(p.oid) else (
		select concat_ws('|', pg_get_function_arguments(p.oid), pg_get_function_result(p.oid), proparallel, aggkind,
			aggnumdirectargs, aggtransfn, aggfinalfn, aggcombinefn, aggserialfn, aggdeserialfn, aggmtransfn,
			aggminvtransfn, aggmfinalfn, aggfinalextra, aggmfinalextra, aggfinalmodify, aggmfinalmodify,
			aggsortop::regoperator, aggtranstype::regtype, aggtransspace, aggmtranstype::regtype, aggmtransspace,
			agginitval, aggminitval)
		from pg_aggregate where aggfnoid = p.oid) end), null::text
from pg_proc p
where pronamespace in (select oid from nsx)
	and not exists (select from ext e where e.classid = 'pg_proc'::regclass and e.objid = p.oid)
