-- After a statement, in its own transaction: each relation lock held so far with the relation's file and its count of
-- scans. One row has no relation: the transaction's own lock, which is always there; it has the WAL position and the
-- clock. Run after every statement of a rehearsal, so it is kept as plain as can be.
select l.relation, l.mode, pg_catalog.pg_relation_filenode(l.relation),
       pg_catalog.pg_stat_get_xact_numscans(l.relation),
       case when l.relation is null
            then (pg_catalog.pg_current_wal_insert_lsn() - '0/0'::pg_catalog.pg_lsn)::pg_catalog.int8 end,
       case when l.relation is null
            then (extract(epoch from pg_catalog.clock_timestamp()) * 1000)::pg_catalog.int8 end
  from pg_catalog.pg_lock_status() l
 where l.pid = pg_catalog.pg_backend_pid()
   and (l.locktype = 'virtualxid' or l.locktype = 'relation' and l.relation >= 16384)
