-- What a plan can change beyond its own database, kept by the session as it is now: roles, their memberships and
-- settings, and which databases there are. Only for a scratch cluster.
create temporary table kept_roles as select * from pg_catalog.pg_authid;
create temporary table kept_members as select * from pg_catalog.pg_auth_members;
create temporary table kept_settings as select * from pg_catalog.pg_db_role_setting where setdatabase operator(pg_catalog.=) 0;
create temporary table kept_databases as select datname from pg_catalog.pg_database
