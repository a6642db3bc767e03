-- Roles, memberships and settings are again what shared_keep.sql kept: the next clone starts where the first one did.
delete from pg_catalog.pg_auth_members;
delete from pg_catalog.pg_db_role_setting where setdatabase operator(pg_catalog.=) 0;
delete from pg_catalog.pg_authid r where not exists (
	select from pg_temp.kept_roles k where k.oid operator(pg_catalog.=) r.oid and k::pg_catalog.text operator(pg_catalog.=) r::pg_catalog.text);
insert into pg_catalog.pg_authid select * from pg_temp.kept_roles k where not exists (
	select from pg_catalog.pg_authid r where r.oid operator(pg_catalog.=) k.oid);
insert into pg_catalog.pg_auth_members select * from pg_temp.kept_members;
insert into pg_catalog.pg_db_role_setting select * from pg_temp.kept_settings
