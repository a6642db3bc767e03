-- Whether an event trigger can do work of its own under any statement.
select exists (select from pg_catalog.pg_event_trigger where evtenabled <> 'D')
