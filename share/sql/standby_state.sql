-- Whether this is a standby, how many milliseconds ago what it replayed last was committed (null = nothing was), up to
-- where it replayed, and the settings that keep recovery from cancelling long reads.
select pg_is_in_recovery(),
	(extract(epoch from clock_timestamp() - pg_last_xact_replay_timestamp()) * 1000)::int8,
	pg_last_wal_replay_lsn()::text,
	current_setting('hot_standby_feedback'),
	current_setting('max_standby_streaming_delay')
