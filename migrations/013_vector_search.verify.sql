SELECT count(*) = 1 AS ok, 'pgvector is installed, 0.7 or later' AS what
FROM pg_extension
WHERE extname = 'vector' AND string_to_array(substring(extversion FROM '^[0-9]+[.][0-9]+'), '.')::integer[] >= '{0,7}';

SELECT count(*) = 1 AS ok, 'index documents_embedding_idx is there and valid' AS what
FROM pg_index
WHERE indexrelid = to_regclass('documents_embedding_idx') AND indisvalid;
