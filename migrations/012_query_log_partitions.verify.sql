SELECT count(*) = 1 AS ok, 'query_log is partitioned' AS what
FROM pg_partitioned_table
WHERE partrelid = to_regclass('query_log') AND partstrat = 'r';

SELECT count(*) = 4 AS ok, 'it has its four partitions' AS what
FROM pg_inherits
WHERE inhparent = to_regclass('query_log');

SELECT coalesce(bool_and(indisvalid), false) AS ok, 'its indexes are valid on every partition' AS what
FROM pg_index
WHERE indrelid = to_regclass('query_log')
    OR indrelid IN (SELECT inhrelid FROM pg_inherits WHERE inhparent = to_regclass('query_log'));

SELECT pg_get_serial_sequence('query_log', 'id') IS NOT NULL AS ok, 'the sequence belongs to it' AS what;

SELECT NOT EXISTS (SELECT FROM query_log_default) AS ok, 'no row fell into the default partition' AS what;
