-- What the samplers must know of a server that they are connected to: database, version, whether it is a standby, when
-- it was started (another time: counters begin anew), and whether the role may see what others do.
select current_database(), current_setting('server_version'), pg_is_in_recovery(),
       (extract(epoch from pg_postmaster_start_time()) * 1000)::int8,
       pg_has_role('pg_read_all_stats', 'usage'), pg_has_role('pg_monitor', 'usage')
