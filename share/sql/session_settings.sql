-- The settings of all our sessions: $1 server_version_num, $2 whether the session may write, $3 the role to take on
-- or NULL. Timeouts that every server knows are start-up options.
select pg_catalog.set_config(s.name, s.value, false)
  from (values
    ('role', $3, 0),
    ('idle_session_timeout', '0', 140000),
    ('transaction_timeout', '0', 170000),
    ('client_connection_check_interval', '1s', 140000),
    ('synchronous_commit',
     case when $2::pg_catalog.bool
               and pg_catalog.current_setting('synchronous_commit')
                   operator(pg_catalog.=) any (array['off', 'local', 'remote_write'])
          then 'on' end, 0)
  ) as s (name, value, since)
 where s.value is not null and s.since operator(pg_catalog.<=) $1::pg_catalog.int4
