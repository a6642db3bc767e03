-- What a dump does not carry, or carries otherwise, where this database has it: kind, name.
select 'invalid index', indexrelid::regclass::text from pg_index where not indisvalid or not indisready
union all
select 'disabled foreign key', conrelid::regclass || '.' || quote_ident(conname)
from pg_constraint c where contype = 'f' and exists (
	select from pg_trigger t where t.tgconstraint = c.oid and tgisinternal and tgenabled = 'D')
union all
select 'comment on row type', t.oid::regtype::text
from pg_description d join pg_type t on d.classoid = 'pg_type'::regclass and t.oid = d.objoid
	join pg_class k on k.oid = t.typrelid
where k.relkind <> 'c' and t.oid >= 16384
union all
select 'subscription', quote_ident(subname) from pg_subscription
where subdbid = (select oid from pg_database where datname = current_database())
union all
select 'foreign table', oid::regclass::text from pg_class where relkind = 'f'
union all
select 'user mapping', quote_ident(srvname) || ' for ' || quote_ident(usename) from pg_user_mappings
union all
select 'unlogged table', oid::regclass::text from pg_class where relkind = 'r' and relpersistence = 'u'
union all
select 'prepared transaction', quote_literal(gid) from pg_prepared_xacts where database = current_database()
union all
select 'replication slot', quote_literal(slot_name) from pg_replication_slots where database = current_database()
order by 1, 2
