SELECT NOT EXISTS (SELECT FROM documents WHERE content_sha256 IS NULL) AS ok, 'every document has its hash' AS what;

SELECT NOT EXISTS (SELECT FROM documents WHERE octet_length(content_sha256) <> 32) AS ok,
    'every hash has 32 bytes' AS what;
