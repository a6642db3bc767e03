-- Before 15 what a session counts goes on from transaction to transaction until it is reported: what was counted before
-- this one begins. The same columns as changed_rows.sql.
select i.identity, n_tup_ins, n_tup_upd, n_tup_del
  from pg_catalog.pg_stat_xact_user_tables s,
       pg_catalog.pg_identify_object('pg_catalog.pg_class'::pg_catalog.regclass, s.relid, 0) i
 where n_tup_ins + n_tup_upd + n_tup_del > 0
