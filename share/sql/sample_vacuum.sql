-- Autovacuum: its workers at work, and the tables of this database with most dead rows.
select * from (
       select 'worker', current_setting('autovacuum') = 'on', current_setting('autovacuum_max_workers')::int4, a.pid,
              a.datname::text, a.query, (extract(epoch from clock_timestamp() - a.xact_start) * 1000)::int8,
              a.query like '%(to prevent wraparound)', null::int8, null::int8
         from (select) one
         left join pg_stat_activity a on a.backend_type = 'autovacuum worker'
        order by 7 desc nulls last) workers
union all
select * from (
       select 'table', null::bool, null::int4, null::int4, null::text, c.oid::regclass::text,
              (extract(epoch from clock_timestamp()
                 - greatest(pg_stat_get_last_autovacuum_time(c.oid), pg_stat_get_last_vacuum_time(c.oid))) * 1000)::int8,
              null::bool, pg_stat_get_dead_tuples(c.oid), pg_stat_get_live_tuples(c.oid)
         from pg_class c
        where c.relkind in ('r', 'm') and pg_stat_get_dead_tuples(c.oid) > 1000
        order by 9 desc
        limit 5) tables
