-- Settings made for this database, for all roles and for single ones, as statements for a database named $1.
select format('ALTER %s SET %I TO %s',
	case when setrole = 0 then format('DATABASE %I', $1::text)
		else format('ROLE %I IN DATABASE %I', (select rolname from pg_roles where oid = setrole), $1::text) end,
	split_part(c, '=', 1),
	case when substr(c, strpos(c, '=') + 1) in ('', '""') then ''''''
		when split_part(c, '=', 1) in ('search_path', 'temp_tablespaces', 'local_preload_libraries',
			'session_preload_libraries') then substr(c, strpos(c, '=') + 1)
		else quote_literal(substr(c, strpos(c, '=') + 1)) end)
from pg_db_role_setting s, unnest(s.setconfig) c
where setdatabase = (select oid from pg_database where datname = current_database())
order by 1
