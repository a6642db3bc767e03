SELECT coalesce(i.indisvalid AND i.indisready, false) AS ok, 'index ' || name || ' is there and valid' AS what
FROM unnest(ARRAY[
    'documents_source_id_created_at_idx',
    'documents_metadata_idx',
    'documents_open_idx',
    'documents_ingest_run_id_idx',
    'ingest_runs_source_id_started_at_idx'
]) AS wanted (name)
LEFT JOIN pg_index i ON i.indexrelid = to_regclass(name);
