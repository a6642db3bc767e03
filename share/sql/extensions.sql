-- Extensions: installed version, and the one that CREATE EXTENSION would install.
select coalesce(e.extname, a.name)::text, e.extversion, a.default_version
from pg_extension e full join pg_available_extensions a on a.name = e.extname
order by 1
