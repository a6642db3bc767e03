-- Who has a transaction open or keeps old rows from being removed: sessions, prepared transactions, slots, standbys.
-- Ages in ms, and in transactions (of what it changes, of the oldest it can see).
select 'session', a.pid, coalesce(nullif(a.application_name, ''), a.backend_type), a.usename, a.datname, a.state,
       (extract(epoch from clock_timestamp() - a.xact_start) * 1000)::int8,
       (extract(epoch from clock_timestamp() - a.state_change) * 1000)::int8,
       age(a.backend_xid), age(a.backend_xmin), left(a.query, 2000),
       to_char(a.backend_start at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
  from pg_stat_activity a
 where (a.xact_start is not null or a.backend_xmin is not null) and a.pid <> pg_backend_pid()
   and a.backend_type in ('client backend', 'background worker', 'logical replication worker')
union all
select 'prepared', null, p.gid, p.owner, p.database, null,
       (extract(epoch from clock_timestamp() - p.prepared) * 1000)::int8, null,
       age(p.transaction), age(p.transaction), null, null
  from pg_prepared_xacts p
union all
select 'slot', s.active_pid, s.slot_name, null, s.database, case when s.active then 'active' else 'inactive' end,
       null, null, null, greatest(age(s.xmin), age(s.catalog_xmin)), null, null
  from pg_replication_slots s
 where s.xmin is not null or s.catalog_xmin is not null
union all
select 'standby', r.pid, coalesce(nullif(r.application_name, ''), 'standby'), r.usename, null, r.state, null, null, null,
       age(r.backend_xmin), null, null
  from pg_stat_replication r
 where r.backend_xmin is not null
 order by 7 desc nulls last, 10 desc nulls last
 limit 200
