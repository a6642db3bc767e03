-- name: documents by metadata
-- budget: 500ms
-- parameters: '{"lang": "ja", "doc_type": "contract"}'
-- frequency: 2/s
-- The filter of the search. Without a LIMIT: with one the planner may walk the key in order instead, and how many
-- pages that takes depends on where the updates of the day put the rows.
SELECT id, title
FROM documents
WHERE metadata @> $1 AND status = 'indexed'
ORDER BY id;
