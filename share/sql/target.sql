-- Who this is: never a host name. A primary's timeline is that of the WAL it writes.
select (select system_identifier::text from pg_control_system()),
	case when pg_is_in_recovery() then (select timeline_id::text from pg_control_checkpoint())
		else ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::int::text end,
	(select oid::text from pg_database where datname = current_database()),
	current_database()::text,
	current_setting('server_version_num'),
	current_setting('server_version')
