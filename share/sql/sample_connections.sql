-- Client sessions by state and application, the largest groups first; and what there is room for.
select coalesce(nullif(a.state, ''), 'starting'), coalesce(nullif(a.application_name, ''), '-'), count(*),
       current_setting('max_connections')::int4,
       current_setting('superuser_reserved_connections')::int4
         + coalesce(current_setting('reserved_connections', true)::int4, 0)
  from pg_stat_activity a
 where a.backend_type = 'client backend'
 group by 1, 2
 order by 3 desc, 1, 2
