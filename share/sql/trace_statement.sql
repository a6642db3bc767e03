-- After a statement, in its own transaction: the clock, the WAL position, and each relation lock held so far
-- with the relation's file and its count of scans. The first row stands for the statement itself.
select 0::pg_catalog.oid, null::pg_catalog.text, 0::pg_catalog.oid, 0::pg_catalog.int8,
       (pg_catalog.pg_current_wal_insert_lsn() - '0/0'::pg_catalog.pg_lsn)::pg_catalog.int8,
       (extract(epoch from pg_catalog.clock_timestamp()) * 1000)::pg_catalog.int8
 union all
select l.relation, l.mode, coalesce(pg_catalog.pg_relation_filenode(l.relation), 0),
       pg_catalog.pg_stat_get_xact_numscans(l.relation), 0, 0
  from pg_catalog.pg_lock_status() l
 where l.pid = pg_catalog.pg_backend_pid() and l.locktype = 'relation' and l.relation >= 16384
