-- What the copy must have in common with this database and server, and what this role may read.
select (select rolname from pg_roles where oid = 10),
	(select rolname from pg_roles where oid = datdba),
	pg_encoding_to_char(encoding),
	coalesce(to_jsonb(d) ->> 'datlocprovider', 'c'),
	datcollate, datctype,
	coalesce(to_jsonb(d) ->> 'datlocale', to_jsonb(d) ->> 'daticulocale'),
	to_jsonb(d) ->> 'daticurules',
	pg_database_size(oid),
	pg_is_in_recovery(),
	current_setting('data_checksums'),
	(select rolsuper from pg_roles where rolname = current_user),
	(select rolsuper or rolbypassrls from pg_roles where rolname = current_user),
	current_setting('wal_level'),
	(select setting from pg_settings where name = 'shared_preload_libraries'),
	current_setting('max_locks_per_transaction'),
	current_setting('max_connections'),
	current_setting('max_prepared_transactions'),
	current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
		- coalesce(current_setting('reserved_connections', true)::int, 0)
		- (select count(*) from pg_stat_activity where backend_type = 'client backend'),
	(select count(*) from pg_class where relkind in ('r', 'm', 'p')),
	(select spcname from pg_tablespace t where t.oid = dattablespace),
	current_setting('fsync')
from pg_database d where datname = current_database()
