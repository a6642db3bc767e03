-- Constraints of tables and domains. Foreign keys that a partition inherits get new names when they are restored, and
-- NO INHERIT of a partition's primary key changes: both are left out.
select 'constraint', coalesce(nullif(conrelid, 0)::regclass::text, contypid::regtype::text) || '.' || quote_ident(conname),
	concat_ws(' ', pg_get_constraintdef(oid),
	case when not convalidated then 'not validated' end,
	case when not conislocal then 'inherited' end, nullif(coninhcount, 0),
	case when contype = 'c' and connoinherit then 'no inherit' end,
	'of ' || (select conname from pg_constraint p where p.oid = c.conparentid)),
	nullif(conrelid, 0)::regclass::text
from pg_constraint c
where (conrelid in (select oid from rel) or contypid in (select oid from typ))
	and contype <> 't' and not (contype = 'f' and conparentid <> 0)
