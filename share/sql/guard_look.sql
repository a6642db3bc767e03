-- What the guard sees: connections left, where WAL is, the slowest standby, standbys that the role may not look at,
-- whether session $1 waits for a lock itself, the server's clock (ms), whether that session is here and began at $3, and
-- a row each for who waits behind it, be it only further ahead in the queue, or behind another who does: for how long he
-- has been behind us (null: the server does not say, as those before 14), the longest first. $2 is how the names of our
-- own sessions begin. Of many who wait, those come first who want what session $1 holds or wants. pg_locks and the
-- columns used of the others hide nothing from anybody, but for addresses (then "-") and who is a parallel worker (then
-- a connection).
with recursive locks as materialized (
       select l.pid, l.granted,
              case when not l.granted then (to_jsonb(l) ->> 'waitstart')::timestamptz end as since,
              row(l.locktype, l.database, l.relation, l.page, l.tuple, l.virtualxid, l.transactionid, l.classid,
                  l.objid, l.objsubid) as tag
         from pg_locks l
        where l.pid = $1::int4 or (not l.granted and l.pid is not null)),
     waiting as materialized (
       select w.pid, pg_blocking_pids(w.pid) as ahead, w.since
         from (select l.pid, l.since
                 from locks l
                where not l.granted
                order by l.tag::text in (select m.tag::text from locks m where m.pid = $1::int4) desc
                limit 100) w),
     behind(pid, since) as (
       select w.pid, w.since from waiting w where $1::int4 = any (w.ahead)
       union
       select w.pid, greatest(w.since, b.since)
         from behind b join waiting w on b.pid = any (w.ahead)
        where $1::int4 <> all (w.ahead)),
     named as (
       select b.pid, coalesce(nullif(a.application_name, ''), a.backend_type, '-') as application,
              coalesce(a.usename::text, '-') as role,
              case when a.backend_start is null then '-' else coalesce(host(a.client_addr), 'local') end as client,
              (extract(epoch from clock_timestamp() - min(b.since)) * 1000)::int8 as age_ms
         from behind b join pg_stat_activity a on a.pid = b.pid
        where a.usesysid is not null -- vacuum of the server's own gives way by itself
          and left(a.application_name, length($2::text)) is distinct from $2::text and b.pid <> $1::int4
        group by 1, 2, 3, 4),
     standby as (
       select coalesce(nullif(r.application_name, ''), r.pid::text) as name,
              pg_wal_lsn_diff(r.replay_lsn, '0/0')::int8 as replayed,
              (extract(epoch from r.replay_lag) * 1000)::int8 as lag_ms
         from pg_stat_replication r
        where r.replay_lsn is not null
        order by r.replay_lsn
        limit 1)
select greatest(current_setting('max_connections')::int4 - current_setting('superuser_reserved_connections')::int4
                  - coalesce(current_setting('reserved_connections', true)::int4, 0)
                  - (select count(*) from pg_stat_activity a
                      where a.backend_type = 'client backend'
                         or (a.backend_type is null and a.usesysid is not null
                             and not exists (select from pg_stat_replication r where r.pid = a.pid))), 0),
       pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::int8,
       s.name, s.replayed, s.lag_ms,
       (select count(*) from pg_stat_replication where state is null),
       (select a.wait_event_type = 'Lock' from pg_stat_activity a where a.pid = $1::int4),
       (extract(epoch from clock_timestamp()) * 1000)::int8,
       exists (select from pg_stat_activity a where a.pid = $1::int4 and a.backend_start = $3::timestamptz),
       n.pid, n.application, n.role, n.client, n.age_ms
  from (values (1)) as one
  left join standby s on true
  left join named n on true
 order by n.age_ms desc nulls last, n.pid
