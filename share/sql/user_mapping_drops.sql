-- What takes all user mappings out of a copy: without them no foreign server can be reached.
select format('DROP USER MAPPING FOR %s SERVER %I', case when umuser = 0 then 'PUBLIC' else format('%I', usename) end, srvname)
from pg_user_mappings
