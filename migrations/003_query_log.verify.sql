SELECT to_regclass('query_log') IS NOT NULL AS ok, 'table query_log is there' AS what;

SELECT pg_get_serial_sequence('query_log', 'id') IS NOT NULL AS ok, 'its ids come from a sequence of its own' AS what;
