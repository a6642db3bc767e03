-- Migration: 011_documents_archive
-- Description: documents deleted before 2025 move to an archive
-- Date: 2026-06-08
-- Related Task: RETRIEVAL-37
-- pgsluice:requires 010
-- pgsluice:changes-data documents, documents_archive
-- pgsluice:lock-timeout 2s
-- pgsluice:statement-timeout 30min

-- One statement moves a row: what is deleted is what is inserted, also when somebody updates it meanwhile. The date
-- is a constant, not now() minus a year: the rehearsal and the night must mean the same rows.

CREATE TABLE IF NOT EXISTS documents_archive (
    id bigint PRIMARY KEY,
    source_id bigint NOT NULL,
    ingest_run_id bigint,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    archived_at timestamptz NOT NULL DEFAULT now(),
    token_count integer NOT NULL,
    status text NOT NULL,
    external_id text NOT NULL,
    title text NOT NULL,
    content text NOT NULL,
    metadata jsonb NOT NULL,
    content_sha256 bytea NOT NULL,
    embedding real[]
);

ALTER TABLE documents_archive ALTER COLUMN embedding SET STORAGE EXTERNAL;

CREATE INDEX IF NOT EXISTS documents_archive_source_id_external_id_idx
    ON documents_archive (source_id, external_id);

WITH moved AS (
    DELETE FROM documents
    WHERE status = 'deleted' AND updated_at < timestamptz '2025-01-01 00:00:00+00'
    RETURNING id, source_id, ingest_run_id, created_at, updated_at, token_count, status, external_id, title, content,
        metadata, content_sha256, embedding
)
INSERT INTO documents_archive (id, source_id, ingest_run_id, created_at, updated_at, token_count, status, external_id,
    title, content, metadata, content_sha256, embedding)
SELECT id, source_id, ingest_run_id, created_at, updated_at, token_count, status, external_id, title, content,
    metadata, content_sha256, embedding
FROM moved;
