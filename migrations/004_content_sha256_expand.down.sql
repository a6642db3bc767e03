-- Migration: 004_content_sha256_expand
-- Description: only the hash as characters is left; nothing is lost, the trigger has kept it

DROP TRIGGER IF EXISTS documents_fill_hash ON documents;
DROP FUNCTION IF EXISTS documents_fill_hash();
ALTER TABLE documents DROP COLUMN IF EXISTS content_sha256;
