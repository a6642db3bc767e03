-- One row of facts about now: connections, durability settings, standbys, where the data is, the server's local time.
select pg_catalog.current_setting('max_connections')::pg_catalog.int4
         - pg_catalog.current_setting('superuser_reserved_connections')::pg_catalog.int4
         - (select count(*)::pg_catalog.int4 from pg_catalog.pg_stat_activity where backend_type = 'client backend'),
       pg_catalog.current_setting('fsync'), pg_catalog.current_setting('full_page_writes'),
       pg_catalog.current_setting('synchronous_standby_names'),
       (select count(*) from pg_catalog.pg_stat_replication where sync_state in ('sync', 'quorum')),
       (select setting from pg_catalog.pg_settings where name = 'data_directory'),
       pg_catalog.inet_server_addr() is null,
       extract(isodow from pg_catalog.now() at time zone $1)::pg_catalog.int4 - 1,
       (extract(epoch from (pg_catalog.now() at time zone $1)::pg_catalog.time) * 1000)::pg_catalog.int8,
       pg_catalog.to_char(pg_catalog.now() at time zone $1, 'Dy YYYY-MM-DD HH24:MI:SS'),
       pg_catalog.pg_has_role('pg_read_all_stats', 'usage')
         or (select rolsuper from pg_catalog.pg_roles where rolname = current_user)
