-- What we write ourselves is written under our role ($1), also where the file has taken on another.
select pg_catalog.set_config('pgsluice.role', pg_catalog.current_setting('role'), true),
       pg_catalog.set_config('role', $1, true)
