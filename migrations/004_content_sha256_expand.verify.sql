SELECT count(*) = 1 AS ok, 'documents.content_sha256 is a bytea' AS what
FROM pg_attribute
WHERE attrelid = to_regclass('documents') AND attname = 'content_sha256' AND atttypid = 'bytea'::regtype;

SELECT count(*) = 1 AS ok, 'the trigger that fills it is enabled' AS what
FROM pg_trigger
WHERE tgrelid = to_regclass('documents') AND tgname = 'documents_fill_hash' AND tgenabled IN ('O', 'A');
