-- The limits of one migration's transaction; they end with it.
select pg_catalog.set_config('lock_timeout', $1, true), pg_catalog.set_config('statement_timeout', $2, true)
