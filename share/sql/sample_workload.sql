-- Counters of this database since they were last reset: raw, for differences.
select d.xact_commit, d.xact_rollback, d.blks_read, d.blks_hit, d.tup_returned, d.tup_fetched, d.tup_inserted,
       d.tup_updated, d.tup_deleted, d.conflicts, d.temp_files, d.temp_bytes, d.deadlocks, d.checksum_failures,
       d.active_time::int8, d.idle_in_transaction_time::int8
  from pg_stat_database d
 where d.datname = current_database()
