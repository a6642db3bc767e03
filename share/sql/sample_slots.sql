-- Replication slots: what each keeps on disk, and whether the server still keeps it for them.
select s.slot_name, s.slot_type, s.database, s.active, s.wal_status, s.safe_wal_size,
       pg_wal_lsn_diff(case when pg_is_in_recovery() then pg_last_wal_replay_lsn() else pg_current_wal_lsn() end,
                       s.restart_lsn)::int8
  from pg_replication_slots s
 where not s.temporary
 order by 7 desc nulls last, 1
