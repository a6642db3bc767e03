SELECT count(*) = 0 AS ok, 'documents.content_hash is gone' AS what
FROM pg_attribute
WHERE attrelid = to_regclass('documents') AND attname = 'content_hash' AND NOT attisdropped;

SELECT count(*) = 0 AS ok, 'the trigger function does not name it' AS what
FROM pg_proc
WHERE oid = to_regprocedure('documents_fill_hash()') AND prosrc ~ 'content_hash';
