SELECT count(*) = 1 AS ok, 'documents.content_sha256 is NOT NULL' AS what
FROM pg_attribute
WHERE attrelid = to_regclass('documents') AND attname = 'content_sha256' AND attnotnull;

SELECT count(*) = 0 AS ok, 'the check that led there is gone' AS what
FROM pg_constraint
WHERE conrelid = to_regclass('documents') AND conname = 'documents_content_sha256_set';

SELECT count(*) = 1 AS ok, 'index documents_content_sha256_idx is there and valid' AS what
FROM pg_index
WHERE indexrelid = to_regclass('documents_content_sha256_idx') AND indisvalid;
