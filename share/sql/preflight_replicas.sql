-- Standbys: the lag they reported last, whether each has replayed up to $1, and how many bytes of that it has not.
select coalesce(nullif(application_name, ''), pid::pg_catalog.text), coalesce(state, 'not visible'),
       coalesce((extract(epoch from replay_lag) * 1000)::pg_catalog.int8, 0),
       coalesce(replay_lsn operator(pg_catalog.>=) $1::pg_catalog.pg_lsn, true),
       coalesce(pg_catalog.pg_wal_lsn_diff($1::pg_catalog.pg_lsn, replay_lsn), 0)::pg_catalog.int8
  from pg_catalog.pg_stat_replication order by 1
