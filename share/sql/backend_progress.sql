-- What a session of ours is doing now: whether it waits for a lock and for how long the statement has run, and the
-- progress view of a concurrent build, an index build or a vacuum where it has one.
select a.wait_event_type is not distinct from 'Lock',
       (extract(epoch from pg_catalog.clock_timestamp() - a.query_start) * 1000)::pg_catalog.int8,
       coalesce(c.phase, v.phase),
       coalesce(nullif(c.blocks_total, 0), nullif(c.tuples_total, 0), nullif(c.lockers_total, 0), v.heap_blks_total),
       case when c.blocks_total > 0 then c.blocks_done when c.tuples_total > 0 then c.tuples_done
            when c.lockers_total > 0 then c.lockers_done else v.heap_blks_scanned end,
       pg_catalog.array_to_string(pg_catalog.pg_blocking_pids(a.pid), ', '),
       (pg_catalog.pg_current_wal_insert_lsn() - '0/0'::pg_catalog.pg_lsn)::pg_catalog.int8
  from pg_catalog.pg_stat_activity a
  left join pg_catalog.pg_stat_progress_create_index c on c.pid = a.pid
  left join pg_catalog.pg_stat_progress_vacuum v on v.pid = a.pid
 where a.pid = $1::pg_catalog.int4
