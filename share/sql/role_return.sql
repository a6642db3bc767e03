-- Back to the role that the file has taken on.
select pg_catalog.set_config('role', pg_catalog.current_setting('pgsluice.role'), true)
