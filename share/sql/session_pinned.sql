-- What our own SQL must be able to rely on, whatever the role's settings are. Not for sessions that run the operator's.
select pg_catalog.set_config(s.name, s.value, false)
  from (values
    ('search_path', 'pg_catalog'),
    ('row_security', 'off'),
    ('TimeZone', 'UTC'),
    ('DateStyle', 'ISO, MDY'),
    ('IntervalStyle', 'postgres'),
    ('extra_float_digits', '1'),
    ('bytea_output', 'hex'),
    ('xmlbinary', 'base64'),
    ('xmloption', 'content'),
    ('lc_monetary', 'C'),
    ('lc_numeric', 'C'),
    ('lc_time', 'C'),
    ('quote_all_identifiers', 'off'),
    ('standard_conforming_strings', 'on'),
    ('array_nulls', 'on'),
    ('default_transaction_isolation', 'read committed'),
    ('default_transaction_deferrable', 'off'),
    ('client_min_messages', 'notice'),
    ('jit', 'off')
  ) as s (name, value)
