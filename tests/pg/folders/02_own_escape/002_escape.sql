INSERT INTO names VALUES (1, 'one');
COMMIT;
CREATE INDEX CONCURRENTLY names_name_idx ON names (name);
BEGIN;
INSERT INTO names VALUES (2, 'two');
