-- name: newest documents of a source
-- budget: 100ms
-- parameters: 1
-- frequency: 20/s
-- The start page of a source. 005 brings the index it wants.
SELECT id, title, created_at
FROM documents
WHERE source_id = $1
ORDER BY created_at DESC
LIMIT 20;
