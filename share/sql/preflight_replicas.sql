-- Standbys and how far each is behind.
select coalesce(nullif(application_name, ''), pid::pg_catalog.text), coalesce(state, 'not visible'),
       coalesce((extract(epoch from replay_lag) * 1000)::pg_catalog.int8, 0)
  from pg_catalog.pg_stat_replication order by 1
