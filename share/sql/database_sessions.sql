-- Sessions in a database.
select pg_catalog.count(*) from pg_catalog.pg_stat_activity where datname = $1
