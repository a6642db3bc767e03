-- name: documents by metadata
-- budget: 500ms
-- parameters: '{"lang": "ja", "doc_type": "contract"}'
-- frequency: 2/s
-- The filter of the search.
SELECT id, title
FROM documents
WHERE metadata @> $1 AND status = 'indexed'
ORDER BY id
LIMIT 50;
