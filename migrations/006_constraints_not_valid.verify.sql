SELECT EXISTS (SELECT FROM pg_constraint WHERE conrelid = to_regclass(wanted.tab) AND conname = wanted.name) AS ok,
    'constraint ' || wanted.name || ' is there' AS what
FROM (VALUES
    ('ingest_runs', 'ingest_runs_source_id_fkey'),
    ('documents', 'documents_source_id_fkey'),
    ('documents', 'documents_ingest_run_id_fkey')
) AS wanted (tab, name);

SELECT count(*) >= 1 AS ok, 'the log has its upper bound' AS what
FROM pg_constraint
WHERE conname = 'query_log_id_range' AND contype = 'c';
