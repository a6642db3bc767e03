-- Takes the leadership of this database ($1) if it is free; never waits inside the server.
select pg_catalog.pg_try_advisory_lock($1::pg_catalog.int8)
