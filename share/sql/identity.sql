-- Which cluster this is, on which timeline, and whether it is a standby now.
select s.system_identifier::pg_catalog.text, c.timeline_id::pg_catalog.text, pg_catalog.pg_is_in_recovery()
  from pg_catalog.pg_control_system() s, pg_catalog.pg_control_checkpoint() c
