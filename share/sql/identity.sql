-- Which cluster this is, on which timeline, and whether it is a standby now. A primary's timeline is that of the WAL it
-- writes: the last checkpoint can be from before a promotion.
select s.system_identifier::pg_catalog.text,
       case when pg_catalog.pg_is_in_recovery()
            then (select timeline_id::pg_catalog.text from pg_catalog.pg_control_checkpoint())
            else ('x' || pg_catalog.substr(pg_catalog.pg_walfile_name(pg_catalog.pg_current_wal_lsn()), 1, 8))
                     ::pg_catalog.bit(32)::pg_catalog.int4::pg_catalog.text end,
       pg_catalog.pg_is_in_recovery()
  from pg_catalog.pg_control_system() s
