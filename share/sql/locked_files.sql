-- Relations that the open transaction holds against everybody, with the file each has now (0: dropped). One that still
-- has the file it was made with was not replaced, which leaves out what the transaction itself made.
select l.relation::pg_catalog.text, coalesce(pg_catalog.pg_relation_filenode(l.relation), 0)::pg_catalog.text
  from pg_catalog.pg_lock_status() l
 where l.pid = pg_catalog.pg_backend_pid() and l.locktype = 'relation' and l.mode = 'AccessExclusiveLock'
   and l.relation >= 16384
   and coalesce(pg_catalog.pg_relation_filenode(l.relation), 0) operator(pg_catalog.<>) l.relation
