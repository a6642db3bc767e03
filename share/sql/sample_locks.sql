-- Sessions that wait for a lock, and those in their way, as the lock manager says it: also those that only wait further
-- ahead. Each with its lock, and behind it "pid:modes" of the ones in its way: the modes that they hold of it; none are
-- held by one that only waits itself. 0 stands for a prepared transaction.
with waiting as materialized (
       select a.pid, pg_blocking_pids(a.pid) as blockers
         from pg_stat_activity a
        where a.wait_event_type = 'Lock' and a.pid <> pg_backend_pid()
        limit 200),
     locks as materialized (
       select coalesce(l.pid, 0) as pid, l.mode, l.granted, l.database, l.relation, l.locktype, waitstart,
              row(l.locktype, l.database, l.relation, l.page, l.tuple, l.virtualxid, l.transactionid, l.classid,
                  l.objid, l.objsubid)::text as tag
         from pg_locks l
        where exists (select from waiting)),
     wanted as materialized (
       select distinct on (l.pid) l.* from locks l join waiting w on w.pid = l.pid where not l.granted order by l.pid),
     edges as (
       select w.pid, b.blocker,
              (select string_agg(distinct h.mode, ',') from locks h join wanted x on x.pid = w.pid and x.tag = h.tag
                where h.granted and h.pid = b.blocker) as held
         from waiting w, lateral (select distinct unnest(w.blockers) as blocker) b),
     involved as (select pid from waiting union select blocker from edges)
select i.pid, coalesce(nullif(a.application_name, ''), a.backend_type, '-'), a.usename, a.datname,
       case when i.pid = 0 then null else coalesce(host(a.client_addr), 'local') end,
       case when i.pid = 0 then 'prepared' else a.state end,
       (extract(epoch from clock_timestamp() - a.xact_start) * 1000)::int8,
       left(a.query, 2000),
       w.locktype, w.mode,
       case when w.database = (select oid from pg_database where datname = current_database())
            then w.relation::regclass::text else w.relation::text end,
       case when w.pid is not null
            then (extract(epoch from clock_timestamp() - w.waitstart) * 1000)::int8 end,
       (select string_agg(e.blocker || ':' || coalesce(e.held, ''), ';' order by e.held is null, e.blocker)
          from edges e where e.pid = i.pid),
       to_char(a.backend_start at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
  from involved i
  left join pg_stat_activity a on a.pid = i.pid
  left join wanted w on w.pid = i.pid
 order by w.pid is not null, 12 desc nulls last, i.pid
