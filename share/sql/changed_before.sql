-- Before 15 what a session counts goes on from transaction to transaction until it is reported: what was counted before
-- this one begins. The same columns as changed_rows.sql.
select pg_catalog.quote_ident(schemaname) || '.' || pg_catalog.quote_ident(relname), n_tup_ins, n_tup_upd, n_tup_del
  from pg_catalog.pg_stat_xact_user_tables
 where n_tup_ins + n_tup_upd + n_tup_del > 0
