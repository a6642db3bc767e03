-- Migration: 010_content_sha256_contract
-- Description: both columns again; nothing is lost, but every document is rewritten while nobody can read

-- The order of columns is part of the schema, and a column can only be added at the end. So content_sha256 is made
-- anew behind content_hash. For an emergency: rolling forward is quicker.

DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_attribute
            WHERE attrelid = 'documents'::regclass AND attname = 'content_hash' AND NOT attisdropped) THEN
        RETURN;
    END IF;
    ALTER TABLE documents ALTER COLUMN content_sha256 DROP NOT NULL;
    ALTER TABLE documents RENAME COLUMN content_sha256 TO content_sha256_kept;
    ALTER TABLE documents ADD COLUMN content_hash text, ADD COLUMN content_sha256 bytea;
    UPDATE documents SET content_hash = encode(content_sha256_kept, 'hex'), content_sha256 = content_sha256_kept;
    ALTER TABLE documents DROP COLUMN content_sha256_kept;
    ALTER TABLE documents ALTER COLUMN content_sha256 SET NOT NULL;
    CREATE INDEX documents_content_sha256_idx ON documents (content_sha256);
END
$$;

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
