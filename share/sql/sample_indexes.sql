-- Indexes that are not valid, and whether somebody seems to be building each: a session at it, or the lock of a
-- concurrent build on its table. That of a partitioned table is not valid as long as a partition has none: no leftover.
select i.indexrelid::regclass::text, i.indrelid::regclass::text, i.indisready, i.indislive,
       c.relpages::int8 * current_setting('block_size')::int8,
       exists (select from pg_stat_progress_create_index p
                where p.index_relid = i.indexrelid and p.datid = (select oid from pg_database where datname = current_database()))
         or exists (select from pg_locks l
                     where l.relation = i.indrelid and l.mode = 'ShareUpdateExclusiveLock' and l.granted
                       and l.database = (select oid from pg_database where datname = current_database()))
  from pg_index i
  join pg_class c on c.oid = i.indexrelid
 where not (i.indisvalid and i.indisready and i.indislive) and c.relkind = 'i' and c.relpersistence <> 't'
 order by 1
 limit 50
