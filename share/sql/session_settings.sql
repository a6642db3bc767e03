-- The settings of our sessions: $1 server_version_num, $2 whether the session is for the operator's own SQL (then it
-- keeps what that SQL would see), $3 whether it may write, $4 the role to take on or NULL.
SELECT pg_catalog.set_config(s.name, s.value, false)
FROM (VALUES
    ('role', $4, 0, true),
    ('statement_timeout', '0', 0, true),
    ('lock_timeout', '0', 0, true),
    ('idle_in_transaction_session_timeout', '0', 0, true),
    ('idle_session_timeout', '0', 140000, true),
    ('transaction_timeout', '0', 170000, true),
    ('client_connection_check_interval', '1s', 140000, true),
    ('synchronous_commit',
     CASE WHEN $3::pg_catalog.bool
               AND pg_catalog.current_setting('synchronous_commit')
                   OPERATOR(pg_catalog.=) ANY (ARRAY['off', 'local', 'remote_write'])
          THEN 'on' END, 0, true),
    ('search_path', 'pg_catalog', 0, false),
    ('row_security', 'off', 0, false),
    ('TimeZone', 'UTC', 0, false),
    ('DateStyle', 'ISO, MDY', 0, false),
    ('IntervalStyle', 'postgres', 0, false),
    ('extra_float_digits', '1', 0, false),
    ('bytea_output', 'hex', 0, false),
    ('xmlbinary', 'base64', 0, false),
    ('xmloption', 'content', 0, false),
    ('lc_monetary', 'C', 0, false),
    ('lc_numeric', 'C', 0, false),
    ('lc_time', 'C', 0, false),
    ('quote_all_identifiers', 'off', 0, false),
    ('standard_conforming_strings', 'on', 0, false),
    ('array_nulls', 'on', 0, false),
    ('default_transaction_isolation', 'read committed', 0, false),
    ('default_transaction_deferrable', 'off', 0, false),
    ('client_min_messages', 'notice', 0, false),
    ('jit', 'off', 0, false)
) AS s (name, value, since, everywhere)
WHERE s.value IS NOT NULL
  AND s.since OPERATOR(pg_catalog.<=) $1::pg_catalog.int4
  AND (s.everywhere OR NOT $2::pg_catalog.bool);
