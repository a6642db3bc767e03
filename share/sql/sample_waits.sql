-- What active sessions wait for; without an event they are on the processor. Waiting for the client is no wait of ours.
select coalesce(a.wait_event_type, 'CPU'), coalesce(a.wait_event, 'running'), count(*),
       max((extract(epoch from clock_timestamp() - a.query_start) * 1000))::int8
  from pg_stat_activity a
 where a.state = 'active' and a.backend_type = 'client backend' and a.pid <> pg_backend_pid()
   and coalesce(a.wait_event_type, 'CPU') not in ('Client', 'Activity', 'Timeout')
 group by 1, 2
 order by 3 desc, 1, 2
 limit 20
