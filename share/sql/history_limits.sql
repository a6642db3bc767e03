-- The history table is what every start of the application may read: our change to it must not queue them up.
select pg_catalog.set_config('lock_timeout', '3s', true)
