BEGIN;
CREATE TABLE IF NOT EXISTS schema_migrations (
    version text PRIMARY KEY,
    name text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE names (id int PRIMARY KEY, name text);
INSERT INTO schema_migrations (version, name) VALUES ('001', 'names');
COMMIT;
