-- Whether the server process of a lost session still works on something.
select exists (select from pg_catalog.pg_stat_activity where pid = $1::pg_catalog.int4 and application_name = $2)
