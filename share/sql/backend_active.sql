-- Whether a server process still works on the statement it was sent.
select exists (select from pg_catalog.pg_stat_activity
                where pid = $1::pg_catalog.int4 and application_name = $2 and state = 'active')
