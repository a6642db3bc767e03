-- Where the WAL is, what was written of it, and how archiving goes; on a standby, how old its newest transaction is when
-- it has not replayed all it has.
select pg_is_in_recovery(),
       pg_wal_lsn_diff(case when pg_is_in_recovery() then pg_last_wal_replay_lsn() else pg_current_wal_lsn() end,
                       '0/0')::int8,
       w.wal_records, w.wal_fpi, w.wal_bytes::int8, w.wal_buffers_full,
       current_setting('archive_mode') <> 'off', a.archived_count, a.failed_count, a.last_failed_wal,
       (extract(epoch from clock_timestamp() - a.last_archived_time) * 1000)::int8,
       (extract(epoch from clock_timestamp() - a.last_failed_time) * 1000)::int8,
       case when not pg_is_in_recovery() then null
            when pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() then 0
            else (extract(epoch from clock_timestamp() - pg_last_xact_replay_timestamp()) * 1000)::int8 end
  from pg_stat_wal w, pg_stat_archiver a
