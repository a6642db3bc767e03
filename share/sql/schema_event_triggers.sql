-- Event triggers.
select 'event trigger', evtname::text, concat_ws(' ', 'on', evtevent, 'owner', evtowner::regrole, 'calls', evtfoid::regproc,
	case evtenabled when 'D' then 'disabled' when 'R' then 'on replica' when 'A' then 'always' end, 'tags', evttags), null::text
from pg_event_trigger e
where not exists (select from ext where classid = 'pg_event_trigger'::regclass and objid = e.oid)
