SELECT coalesce(c.convalidated, false) AS ok, 'constraint ' || wanted.name || ' is validated' AS what
FROM (VALUES
    ('ingest_runs', 'ingest_runs_source_id_fkey'),
    ('documents', 'documents_source_id_fkey'),
    ('documents', 'documents_ingest_run_id_fkey')
) AS wanted (tab, name)
LEFT JOIN pg_constraint c ON c.conrelid = to_regclass(wanted.tab) AND c.conname = wanted.name;

SELECT coalesce(bool_and(convalidated), false) AS ok, 'the bound of the log is validated' AS what
FROM pg_constraint
WHERE conname = 'query_log_id_range' AND contype = 'c';
