-- Whether this login's transactions here would be read-only by a setting of the role or the database: our own setting
-- hides it from pg_settings. The most specific one counts.
select s.on_or_off
  from (select pg_catalog.split_part(c.setting, '=', 2)::pg_catalog.bool as on_or_off, r.setrole, r.setdatabase
          from pg_catalog.pg_db_role_setting r, pg_catalog.unnest(r.setconfig) as c (setting)
         where r.setdatabase in (0, (select oid from pg_catalog.pg_database
                                      where datname operator(pg_catalog.=) pg_catalog.current_database()))
           and r.setrole in (0, (select oid from pg_catalog.pg_roles where rolname operator(pg_catalog.=) session_user))
           and c.setting like 'default_transaction_read_only=%') s
 order by s.setrole = 0, s.setdatabase = 0
 limit 1
