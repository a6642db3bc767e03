-- Migration: 009_content_sha256_not_null
-- Description: the hash may be missing again; nothing is lost

DROP INDEX CONCURRENTLY IF EXISTS documents_content_sha256_idx;
ALTER TABLE documents DROP CONSTRAINT IF EXISTS documents_content_sha256_set;
ALTER TABLE documents ALTER COLUMN content_sha256 DROP NOT NULL;
