-- Migration: 010_content_sha256_contract
-- Description: the hash as characters goes: 32 bytes where there were 64
-- Date: 2026-05-11
-- Related Task: RETRIEVAL-21
-- pgsluice:requires 004 008 009
-- pgsluice:phase contract
-- pgsluice:lock-timeout 2s

-- Only when no running application reads content_hash. That cannot be so in the night in which 004 is applied, so a
-- plan that holds both is refused.

CREATE OR REPLACE FUNCTION documents_fill_hash() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog
AS $$
BEGIN
    NEW.content_sha256 := sha256(convert_to(NEW.content, 'UTF8'));
    RETURN NEW;
END
$$;

ALTER TABLE documents DROP COLUMN IF EXISTS content_hash;
