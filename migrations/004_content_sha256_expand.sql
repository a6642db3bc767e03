-- Migration: 004_content_sha256_expand
-- Description: the hash as 32 bytes beside the hash as 64 characters; both are written from here on
-- Date: 2026-03-05
-- Related Task: RETRIEVAL-21
-- pgsluice:requires 002
-- pgsluice:phase expand
-- pgsluice:lock-timeout 2s

-- A smaller type in three phases. Expand (this one): the new column, and a trigger that writes both, so that old
-- and new applications agree whoever writes. Backfill (008): the rows written before. Contract (010): the old
-- column goes, once no application reads it. ALTER COLUMN ... TYPE would rewrite the table under a lock that
-- nobody can read through.

ALTER TABLE documents ADD COLUMN IF NOT EXISTS content_sha256 bytea;

CREATE OR REPLACE FUNCTION documents_fill_hash() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog
AS $$
BEGIN
    NEW.content_sha256 := sha256(convert_to(NEW.content, 'UTF8'));
    NEW.content_hash := encode(NEW.content_sha256, 'hex');
    RETURN NEW;
END
$$;

DROP TRIGGER IF EXISTS documents_fill_hash ON documents;
CREATE TRIGGER documents_fill_hash BEFORE INSERT OR UPDATE OF content ON documents
    FOR EACH ROW EXECUTE FUNCTION documents_fill_hash();
