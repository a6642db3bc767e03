-- Migration: 011_documents_archive
-- Description: archived documents move back; refused by a key if one was collected again meanwhile

DO $$
BEGIN
    IF to_regclass('documents_archive') IS NOT NULL THEN
        INSERT INTO documents (id, source_id, ingest_run_id, created_at, updated_at, token_count, status, external_id,
            title, content, metadata, content_sha256, embedding)
        SELECT id, source_id, ingest_run_id, created_at, updated_at, token_count, status, external_id, title, content,
            metadata, content_sha256, embedding
        FROM documents_archive;
    END IF;
END
$$;

DROP TABLE IF EXISTS documents_archive;
