-- Standbys and other receivers: how far behind each is, in bytes and as it last reported it in ms; where our WAL is.
select r.pid, coalesce(nullif(r.application_name, ''), '-'), coalesce(host(r.client_addr), 'local'), r.state, r.sync_state,
       pg_wal_lsn_diff(here.lsn, r.sent_lsn)::int8, pg_wal_lsn_diff(here.lsn, r.write_lsn)::int8,
       pg_wal_lsn_diff(here.lsn, r.flush_lsn)::int8, pg_wal_lsn_diff(here.lsn, r.replay_lsn)::int8,
       (extract(epoch from r.write_lag) * 1000)::int8, (extract(epoch from r.flush_lag) * 1000)::int8,
       (extract(epoch from r.replay_lag) * 1000)::int8,
       (extract(epoch from clock_timestamp() - r.reply_time) * 1000)::int8,
       pg_wal_lsn_diff(here.lsn, '0/0')::int8
  from (select case when pg_is_in_recovery() then pg_last_wal_replay_lsn() else pg_current_wal_lsn() end as lsn) here
  left join pg_stat_replication r on true
 order by 2, 1
