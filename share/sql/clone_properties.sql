-- What CREATE DATABASE ... TEMPLATE does not take over: $1 is the template, $2 its clone. Grants, connection limit,
-- settings for roles in this database, comment and security labels, with what they depend on.
with t as (select * from pg_database where datname = $1),
c as (select oid from pg_database where datname = $2),
grants as (
	update pg_database d set datacl = t.datacl, datconnlimit = t.datconnlimit from t where d.datname = $2
),
depends as (
	insert into pg_shdepend (dbid, classid, objid, objsubid, refclassid, refobjid, deptype)
	select s.dbid, s.classid, c.oid, s.objsubid, s.refclassid, s.refobjid, s.deptype
	from pg_shdepend s, t, c
	where s.classid = 'pg_database'::regclass and s.objid = t.oid and s.deptype <> 'o'
),
settings as (
	insert into pg_db_role_setting (setdatabase, setrole, setconfig)
	select c.oid, s.setrole, s.setconfig from pg_db_role_setting s, t, c where s.setdatabase = t.oid
),
comments as (
	insert into pg_shdescription (objoid, classoid, description)
	select c.oid, s.classoid, s.description from pg_shdescription s, t, c
	where s.classoid = 'pg_database'::regclass and s.objoid = t.oid
)
insert into pg_shseclabel (objoid, classoid, provider, label)
select c.oid, s.classoid, s.provider, s.label from pg_shseclabel s, t, c
where s.classoid = 'pg_database'::regclass and s.objoid = t.oid
