-- Triggers that somebody made; those of foreign keys follow their constraint.
select 'trigger', tgrelid::regclass::text || '.' || quote_ident(tgname), concat_ws(' ', pg_get_triggerdef(oid),
	case tgenabled when 'D' then 'disabled' when 'R' then 'on replica' when 'A' then 'always' end,
	'of ' || (select tgname from pg_trigger p where p.oid = t.tgparentid)),
	tgrelid::regclass::text
from pg_trigger t where not tgisinternal and tgrelid in (select oid from rel)
