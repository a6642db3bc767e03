-- Cancels the statement of session $1 or terminates it ($4), if it still is the one that began at $2, is called $3 and
-- is none of ours; and what it was: no row if it is gone. The fifth column says whether it is the one that is meant
-- (null: the role may not see that, nor where it is from), the eighth whether it is a superuser's and we are none, the
-- last whether the signal was sent (null: it was not tried).
with session as materialized (
       select a.pid, coalesce(nullif(a.application_name, ''), a.backend_type, '-') as name,
              coalesce(a.usename::text, '-') as role,
              case when a.backend_start is null then '-' else coalesce(host(a.client_addr), 'local') end as client,
              to_char(a.backend_start at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') = $2::text as same,
              a.application_name = 'pgsluice' or a.application_name like 'pgsluice/%' as ours,
              a.backend_type in ('client backend', 'autovacuum worker') as signalable, a.state,
              coalesce(r.rolsuper, false) and current_setting('is_superuser') = 'off' as privileged,
              (extract(epoch from clock_timestamp() - a.xact_start) * 1000)::int8 as transaction_ms
         from pg_stat_activity a
         left join pg_roles r on r.oid = a.usesysid
        where a.pid = $1::int4)
select s.name, s.role, s.client, s.state, s.same, s.ours, s.signalable, s.privileged, s.transaction_ms,
       case when s.same and not s.ours and s.signalable and not s.privileged and s.name = $3::text
            then case $4::text when 'cancel' then pg_cancel_backend(s.pid)
                               when 'terminate' then pg_terminate_backend(s.pid) end
       end
  from session s
