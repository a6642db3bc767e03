-- name: document by its external id
-- budget: 20ms
-- parameters: 1, 'doc-6a06de-1000'
-- frequency: 50/s
-- Asked for every document that a run collects: is it there already?
SELECT id, status, updated_at
FROM documents
WHERE source_id = $1 AND external_id = $2;
