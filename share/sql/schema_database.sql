-- The database itself and the settings made for it, for all roles and for single ones.
select 'setting', coalesce('of ' || (select rolname from pg_roles where oid = setrole), 'of all'),
	(select string_agg(o, ',' order by o collate "C") from unnest(setconfig) o), null::text
from pg_db_role_setting
where setdatabase = (select oid from pg_database where datname = current_database())
union all
select 'database', 'this', concat_ws(' ', pg_encoding_to_char(encoding), datcollate, datctype,
	'provider ' || (to_jsonb(d) ->> 'datlocprovider'),
	'locale ' || coalesce(to_jsonb(d) ->> 'datlocale', to_jsonb(d) ->> 'daticulocale'),
	'rules ' || (to_jsonb(d) ->> 'daticurules'),
	'owner', datdba::regrole, 'connections ' || nullif(datconnlimit, -1),
	'comment ' || shobj_description(oid, 'pg_database'),
	'grants', (select string_agg(a::text, ',' order by a::text collate "C")
		from unnest(coalesce(datacl, acldefault('d', datdba))) a)), null
from pg_database d where datname = current_database()
