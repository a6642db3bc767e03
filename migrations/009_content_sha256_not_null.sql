-- Migration: 009_content_sha256_not_null
-- Description: no document without its hash, and a way to ask whether a text is known
-- Date: 2026-04-20
-- Related Task: RETRIEVAL-21
-- pgsluice:requires 008
-- pgsluice:transaction none
-- pgsluice:lock-timeout 2s

-- SET NOT NULL alone reads the whole table while nobody else can. With a validated check that says the same it
-- reads nothing. Every statement stands in a transaction of its own, so the locks of the first are gone when the
-- second reads; and every statement can be run again, so an interrupted run starts again at the top.

ALTER TABLE documents
    DROP CONSTRAINT IF EXISTS documents_content_sha256_set,
    ADD CONSTRAINT documents_content_sha256_set CHECK (content_sha256 IS NOT NULL) NOT VALID;

ALTER TABLE documents VALIDATE CONSTRAINT documents_content_sha256_set;

ALTER TABLE documents ALTER COLUMN content_sha256 SET NOT NULL;

ALTER TABLE documents DROP CONSTRAINT IF EXISTS documents_content_sha256_set;

CREATE INDEX CONCURRENTLY IF NOT EXISTS documents_content_sha256_idx ON documents (content_sha256);
