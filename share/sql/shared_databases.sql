-- Databases that were not there when shared_keep.sql ran.
select datname from pg_catalog.pg_database d
where not exists (select from pg_temp.kept_databases k where k.datname operator(pg_catalog.=) d.datname)
