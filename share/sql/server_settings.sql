-- Settings of the server that change what statements do or how they are planned, as a session without settings of
-- its own sees them. Those that say where things are, who may come in and what is logged stay behind.
select name, setting from pg_settings
where source in ('configuration file', 'command line', 'environment variable', 'global')
	and (context in ('user', 'superuser', 'backend', 'superuser-backend')
		or name in ('max_pred_locks_per_transaction', 'track_commit_timestamp', 'wal_level', 'max_prepared_transactions',
			'wal_log_hints', 'max_worker_processes', 'max_parallel_workers', 'old_snapshot_threshold'))
	and name !~ '^(log_|debug_|trace_|ssl_|krb_|client_)'
	and name not in ('local_preload_libraries', 'session_preload_libraries', 'dynamic_library_path', 'temp_tablespaces',
		'lc_messages', 'exit_on_error', 'ignore_checksum_failure', 'zero_damaged_pages', 'update_process_title',
		'session_replication_role', 'wal_consistency_checking', 'idle_session_timeout', 'synchronous_commit',
		'role', 'session_authorization', 'application_name', 'allow_in_place_tablespaces', 'jit_provider',
		'default_transaction_read_only', 'transaction_read_only', 'search_path_cache', 'stats_temp_directory')
order by name
