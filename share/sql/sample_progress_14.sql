-- What the server tells of the progress of long commands, in one shape: kind, process, database, relation, command,
-- phase, done and total of that phase in their unit, who of those it waits for is next: of 14 to 16.
select w.kind, w.pid, w.datname,
       case when w.datname = current_database() then w.relid::regclass::text else nullif(w.relid, 0)::text end,
       w.command, w.phase, w.done, w.total, w.unit, w.waits_for, a.application_name,
       (extract(epoch from clock_timestamp() - coalesce(a.query_start, a.backend_start)) * 1000)::int8
  from (
       select 'create_index' as kind, p.pid, p.datname::text, p.relid, p.command, p.phase,
              case when p.phase like 'waiting for %' then p.lockers_done
                   when p.phase ~ '(loading|sorting|live tuples|dead tuples)' or p.blocks_total = 0 then p.tuples_done
                   else p.blocks_done end as done,
              nullif(case when p.phase like 'waiting for %' then p.lockers_total
                          when p.phase ~ '(loading|sorting|live tuples|dead tuples)' or p.blocks_total = 0 then p.tuples_total
                          else p.blocks_total end, 0) as total,
              case when p.phase like 'waiting for %' then 'sessions'
                   when p.phase ~ '(loading|sorting|live tuples|dead tuples)' or p.blocks_total = 0 then 'rows'
                   else 'pages' end as unit,
              nullif(p.current_locker_pid, 0)::int4 as waits_for
         from pg_stat_progress_create_index p
       union all
       select 'vacuum', p.pid, p.datname::text, p.relid, 'VACUUM', p.phase,
              case p.phase when 'scanning heap' then p.heap_blks_scanned when 'vacuuming heap' then p.heap_blks_vacuumed end,
              nullif(case when p.phase in ('scanning heap', 'vacuuming heap') then p.heap_blks_total end, 0),
              case when p.phase in ('scanning heap', 'vacuuming heap') then 'pages' end, null::int4
         from pg_stat_progress_vacuum p
       union all
       select 'cluster', p.pid, p.datname::text, p.relid, p.command, p.phase,
              case p.phase when 'seq scanning heap' then p.heap_blks_scanned when 'rebuilding index' then p.index_rebuild_count
                           when 'writing new heap' then p.heap_tuples_written else p.heap_tuples_scanned end,
              case p.phase when 'seq scanning heap' then nullif(p.heap_blks_total, 0)
                           when 'writing new heap' then nullif(p.heap_tuples_scanned, 0) end,
              case p.phase when 'seq scanning heap' then 'pages' when 'rebuilding index' then 'indexes' else 'rows' end, null::int4
         from pg_stat_progress_cluster p
       union all
       select 'analyze', p.pid, p.datname::text, p.relid, 'ANALYZE', p.phase,
              case when p.phase like 'acquiring%' then p.sample_blks_scanned end,
              case when p.phase like 'acquiring%' then nullif(p.sample_blks_total, 0) end,
              case when p.phase like 'acquiring%' then 'pages' end, null::int4
         from pg_stat_progress_analyze p
       union all
       select 'basebackup', p.pid, null::text, null::oid, 'BASE_BACKUP', p.phase, p.backup_streamed, p.backup_total, 'bytes',
              null::int4
         from pg_stat_progress_basebackup p
       union all
       select 'copy', p.pid, p.datname::text, p.relid, p.command, p.type, p.bytes_processed, nullif(p.bytes_total, 0), 'bytes',
              null::int4
         from pg_stat_progress_copy p) w
  left join pg_stat_activity a on a.pid = w.pid
 order by 12 desc nulls last, 2
