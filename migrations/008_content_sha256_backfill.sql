-- Migration: 008_content_sha256_backfill
-- Description: the hash as bytes for the documents written before 004
-- Date: 2026-04-20
-- Related Task: RETRIEVAL-21
-- pgsluice:requires 004
-- pgsluice:phase backfill
-- pgsluice:statement-timeout 30min
-- pgsluice:guard-wait 10s
-- pgsluice:guard-waiting 50

-- A declared data change: the statement names its table, and the operator sees it before the approval. Rows that
-- have their value are left alone, so a second run changes nothing. One statement is right for some hundred
-- thousand rows; for more see the batches in README.md. Who writes one of these rows meanwhile waits until it has
-- ended, for longer than others may: that is allowed above.

UPDATE documents
SET content_sha256 = CASE
    WHEN content_hash ~ '^[0-9a-f]{64}$' THEN decode(content_hash, 'hex')
    ELSE sha256(convert_to(content, 'UTF8'))
END
WHERE content_sha256 IS NULL;
