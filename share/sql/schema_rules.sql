-- Rewrite rules other than those that make a view.
select 'rule', ev_class::regclass::text || '.' || quote_ident(rulename), concat_ws(' ', pg_get_ruledef(oid),
	case ev_enabled when 'D' then 'disabled' when 'R' then 'on replica' when 'A' then 'always' end),
	ev_class::regclass::text
from pg_rewrite where rulename <> '_RETURN' and ev_class in (select oid from rel)
