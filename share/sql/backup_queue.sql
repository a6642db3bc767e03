-- Who waits for a lock that a session of the backup holds: $1 is the application_name they all have.
select w.pid::text, coalesce(nullif(a.application_name, ''), 'a session without a name')
from (select distinct pid from pg_locks where not granted) w left join pg_stat_activity a on a.pid = w.pid
where pg_blocking_pids(w.pid) && array(select pid from pg_stat_activity where application_name = $1)
order by 1 limit 1
