-- Enums, domains, ranges and base types. Shell types and array types have no life of their own.
select case typtype when 'd' then 'domain' else 'type' end, t.oid::regtype::text, concat_ws(' ',
	typtype, typcategory, case when typispreferred then 'preferred' end, typdelim, 'owner', typowner::regrole,
	'grants', (select string_agg(a::text, ',' order by a::text collate "C")
		from unnest(coalesce(typacl, acldefault('T', typowner))) a),
	'enum ' || (select string_agg(quote_literal(enumlabel), ',' order by enumsortorder) from pg_enum where enumtypid = t.oid),
	case when typtype = 'd' then concat_ws(' ', format_type(typbasetype, typtypmod),
		case when typnotnull then 'not null' end, 'default ' || typdefault, 'collate ' || nullif(typcollation, 0)::regcollation) end,
	case when typtype = 'b' then concat_ws(' ', typlen, typbyval, typalign, typstorage, typinput, typoutput, typreceive,
		typsend, typmodin, typmodout, typanalyze, (select handler from subscripting s where s.oid = t.oid), typdefault,
		typcollation <> 0, nullif(typelem, 0)::regtype) end,
	(select concat_ws(' ', 'range', rngsubtype::regtype, multirange, nullif(rngcollation, 0)::regcollation,
		(select opcname from pg_opclass where oid = rngsubopc), rngcanonical, rngsubdiff) from rng where rngtypid = t.oid)),
	null::text
from typ t
where typtype in ('e', 'd', 'r', 'b') and not (typtype = 'b' and typelem <> 0 and typcategory = 'A')
