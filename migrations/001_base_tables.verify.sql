SELECT to_regclass('document_sources') IS NOT NULL AS ok, 'table document_sources is there' AS what;

SELECT to_regclass('documents') IS NOT NULL AS ok, 'table documents is there' AS what;

SELECT count(*) = 1 AS ok, 'embeddings are kept out of line and uncompressed' AS what
FROM pg_attribute
WHERE attrelid = to_regclass('documents') AND attname = 'embedding' AND attstorage = 'e';
