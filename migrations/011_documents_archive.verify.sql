SELECT NOT EXISTS (
    SELECT FROM documents WHERE status = 'deleted' AND updated_at < timestamptz '2025-01-01 00:00:00+00'
) AS ok, 'no document deleted before 2025 is left' AS what;

SELECT NOT EXISTS (SELECT FROM documents JOIN documents_archive USING (id)) AS ok,
    'no document is in both tables' AS what;
