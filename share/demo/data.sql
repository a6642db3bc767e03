-- Demo data for the reference schema as it is after 004_content_sha256_expand: 005 to 013 then have something to do.
--
--   psql -v ON_ERROR_STOP=1 -1 -f data.sql DATABASE
--
-- Made on the server in some ten seconds: 200 sources, 1,500 ingest runs, 60,000 documents of 0.2 to 12 kB and 200,000
-- log lines; about 180 MB. The shapes are those of a living service: few sources have most documents, most documents
-- are new, most are indexed, metadata has holes, few queries are slow. Dates are fixed (2023 to October 2026) and the
-- random numbers are seeded, so every load on one server version gives the same.
--
-- Every indexed document would have its embedding; here the newest 2,000 have, because all would be 700 MB.
-- Documents up to number 57,000 were written before 004: they have no content_sha256, and the first 9,000 are older
-- than 002 and have neither content_hash nor a run. 008 fills them. About 1,100 were deleted before 2025: 011 moves
-- them. 013 indexes the embeddings as they are: a second, 16 MB.

DO $$
BEGIN
    IF EXISTS (SELECT FROM documents) OR EXISTS (SELECT FROM document_sources) THEN
        RAISE EXCEPTION 'there are documents already'
            USING HINT = 'Demo data is for a schema without data. Nothing was changed.';
    END IF;
END
$$;

SELECT setseed(0.3072);

CREATE TEMPORARY TABLE demo_words AS
SELECT row_number() OVER () AS id, word
FROM unnest(string_to_array('the of and to in a is for that with on as by be are this from or an which at not can has '
    'when it each was one all if more may only other also must any no used same set before after than between first '
    'time system data service server request response table index query column row key value type result error state '
    'version release change migration review policy customer account order invoice payment contract report meeting '
    'project budget quarter revenue market region office team manager engineer operator support ticket incident alert '
    'backup restore replica cluster network storage memory disk process thread session transaction lock timeout retry '
    'queue worker schedule window deployment container image registry cluster node zone latency throughput capacity '
    'limit quota usage metric log trace event message channel stream batch record field document source collection '
    'search filter rank score vector embedding model token language translation summary paragraph section chapter '
    'appendix figure reference author editor reader library archive retention privacy consent audit evidence approval '
    'signature certificate password secret role permission group member owner guest visitor device sensor battery '
    'temperature pressure volume weight length width height speed angle material steel copper glass paper water energy '
    'power engine pump valve filter pipe cable connector switch panel board circuit signal frequency noise calibration '
    'inspection maintenance repair spare warranty supplier delivery shipment warehouse pallet customs tariff freight',
    ' ')) AS word;
CREATE UNIQUE INDEX ON demo_words (id);

-- 3,000 paragraphs of 30 to 110 words, frequent words first
CREATE TEMPORARY TABLE demo_paragraphs AS
SELECT p AS id, upper(left(body, 1)) || substr(body, 2) || '.' AS body
FROM (
    SELECT p, string_agg(w.word, CASE WHEN n % 13 = 0 THEN ', ' ELSE ' ' END ORDER BY n) AS body
    FROM (
        SELECT p, n, 1 + floor(power(random(), 1.7) * (SELECT count(*) FROM demo_words))::integer AS pick
        FROM (SELECT p, 30 + floor(random() * 80)::integer AS words FROM generate_series(1, 3000) AS p) AS sized,
            generate_series(1, words) AS n
    ) AS picked
    JOIN demo_words w ON w.id = pick
    GROUP BY p
) AS built;
CREATE UNIQUE INDEX ON demo_paragraphs (id);

INSERT INTO document_sources (id, created_at, active, kind, name, base_url, settings)
SELECT s,
    timestamptz '2023-01-02 08:00:00+00' + s * interval '5 days 3 hours',
    s % 23 <> 0,
    kind,
    kind || '-' || lpad(s::text, 3, '0'),
    CASE WHEN kind <> 'upload' THEN 'https://' || kind || lpad(s::text, 3, '0') || '.example.com/' END,
    jsonb_build_object('interval_minutes', (ARRAY[5, 15, 60, 1440])[1 + s % 4], 'language', 'en')
FROM (
    SELECT s, (ARRAY['web', 'web', 'web', 'upload', 'api', 'feed'])[1 + s % 6] AS kind FROM generate_series(1, 200) AS s
) AS source;

INSERT INTO ingest_runs (id, source_id, started_at, finished_at, documents_seen, documents_failed, state)
SELECT r,
    1 + floor(power(random(), 3) * 200)::integer,
    started_at,
    CASE WHEN r < 1498 THEN started_at + random() * interval '3 hours' END,
    floor(random() * 90)::integer,
    floor(power(random(), 6) * 12)::integer,
    CASE WHEN r >= 1498 THEN 'running' WHEN random() < 0.04 THEN 'failed' ELSE 'finished' END
FROM (
    SELECT r, timestamptz '2024-02-01 00:00:00+00' + sqrt(r / 1500.0) * interval '1000 days' AS started_at
    FROM generate_series(1, 1500) AS r
) AS run;

-- Rows from before 004 are written as the application wrote them then.
ALTER TABLE documents DISABLE TRIGGER documents_fill_hash;

INSERT INTO documents (id, source_id, created_at, updated_at, token_count, status, external_id, title, content,
    metadata, embedding, ingest_run_id, content_hash, content_sha256)
SELECT d.n,
    coalesce(run.source_id, d.source_id),
    d.created_at,
    least(d.created_at + power(random(), 4) * interval '400 days', timestamptz '2026-10-31 20:00:00+00'),
    length(body.content) / 4,
    d.status,
    'doc-' || lpad(to_hex(d.n::bigint * 40503 % 16777213), 6, '0') || '-' || d.n,
    left(initcap(split_part(body.content, ' ', 2) || ' ' || split_part(body.content, ' ', 3) || ' '
        || split_part(body.content, ' ', 5) || ' ' || split_part(body.content, ' ', 8)), 120),
    body.content,
    jsonb_strip_nulls(jsonb_build_object(
        'lang', (ARRAY['en', 'en', 'en', 'en', 'en', 'en', 'de', 'de', 'fr', 'es', 'ja'])
            [1 + floor(random() * 11)::integer],
        'doc_type', (ARRAY['manual', 'report', 'ticket', 'article', 'contract', 'minutes'])
            [1 + floor(power(random(), 2) * 6)::integer],
        'year', extract(year FROM d.created_at)::integer,
        'author', CASE WHEN random() < 0.7 THEN 'author-' || floor(power(random(), 2) * 400)::integer END,
        'pages', CASE WHEN random() < 0.5 THEN 1 + floor(-ln(1 - random()) * 9)::integer END,
        'tags', (ARRAY['["internal"]', '["public"]', '["public", "faq"]', '["internal", "legal"]', NULL, NULL])
            [1 + floor(random() * 6)::integer]::jsonb,
        'reviewed', CASE WHEN random() < 0.2 THEN true END)),
    -- one of 24 topics and noise, about unit length
    CASE WHEN d.n > 57250 AND d.status = 'indexed' THEN ARRAY(
        SELECT ((sin(k * (1 + d.n % 24) * 0.37) + 0.8 * (random() - 0.5)) / 41.2)::real
        FROM generate_series(1, 3072) AS k)
    END,
    d.run_id,
    CASE WHEN d.n > 9000 THEN encode(sha256(convert_to(body.content, 'UTF8')), 'hex') END,
    CASE WHEN d.n > 57000 THEN sha256(convert_to(body.content, 'UTF8')) END
FROM (
    SELECT n,
        1 + floor(power(random(), 3) * 200)::integer AS source_id,
        CASE WHEN n > 9000 THEN 1 + (1499 * (n - 9000) / 51000) END AS run_id,
        timestamptz '2023-01-02 09:00:00+00' + sqrt(n / 60000.0) * interval '1395 days' AS created_at,
        CASE
            WHEN n > 59200 AND random() < 0.6 THEN 'pending'
            WHEN random() < 0.02 THEN 'failed'
            WHEN random() < 0.08 THEN 'deleted'
            ELSE 'indexed'
        END AS status,
        1 + floor(power(random(), 3) * 24)::integer AS paragraphs
    FROM generate_series(1, 60000) AS n
) AS d
LEFT JOIN ingest_runs run ON run.id = d.run_id
CROSS JOIN LATERAL (
    SELECT string_agg(p.body, E'\n\n' ORDER BY k) AS content
    FROM generate_series(1, d.paragraphs) AS k
    JOIN demo_paragraphs p ON p.id = 1 + (d.n::bigint * 7919 + k * 104729) % 3000
) AS body;

ALTER TABLE documents ENABLE TRIGGER documents_fill_hash;

INSERT INTO query_log (logged_at, source_id, duration_ms, result_count, query_text, filters)
SELECT timestamptz '2025-03-01 00:00:00+00' + sqrt(q / 200000.0) * interval '609 days',
    CASE WHEN random() < 0.3 THEN 1 + floor(power(random(), 3) * 200)::integer END,
    (6 + 14 * power(-ln(1 - random()), 2.6))::integer,
    floor(power(random(), 2) * 21)::integer,
    a.word || ' ' || b.word || CASE WHEN q % 3 = 0 THEN ' ' || c.word ELSE '' END,
    CASE q % 5 WHEN 0 THEN '{"lang": "de"}' WHEN 1 THEN '{"doc_type": "manual"}' ELSE '{}' END::jsonb
FROM generate_series(1, 200000) AS q
JOIN demo_words a ON a.id = 40 + q::bigint * 7919 % 151
JOIN demo_words b ON b.id = 40 + q::bigint * 104729 % 149
JOIN demo_words c ON c.id = 40 + q::bigint * 1299709 % 139
ORDER BY q;

SELECT setval(pg_get_serial_sequence('document_sources', 'id'), (SELECT max(id) FROM document_sources)),
    setval(pg_get_serial_sequence('ingest_runs', 'id'), (SELECT max(id) FROM ingest_runs)),
    setval(pg_get_serial_sequence('documents', 'id'), (SELECT max(id) FROM documents));

DROP TABLE demo_paragraphs, demo_words;

ANALYZE document_sources, ingest_runs, documents, query_log;
