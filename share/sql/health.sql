-- How live is: the worst standby's lag in ms, and transactions rolled back so far.
select coalesce((select max((extract(epoch from replay_lag) * 1000)::pg_catalog.int8) from pg_catalog.pg_stat_replication), 0),
       (select xact_rollback from pg_catalog.pg_stat_database where datname = pg_catalog.current_database())
