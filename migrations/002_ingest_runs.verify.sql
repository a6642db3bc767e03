SELECT to_regclass('ingest_runs') IS NOT NULL AS ok, 'table ingest_runs is there' AS what;

SELECT count(*) = 1 AS ok, 'documents.ingest_run_id is a bigint' AS what
FROM pg_attribute
WHERE attrelid = to_regclass('documents') AND attname = 'ingest_run_id' AND atttypid = 'bigint'::regtype;
