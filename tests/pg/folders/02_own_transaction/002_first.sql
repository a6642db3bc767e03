-- Description: other words for the same
START TRANSACTION ISOLATION LEVEL READ COMMITTED;

INSERT INTO names VALUES (1, 'one');
INSERT INTO schema_migrations (version, name) VALUES ('002', 'first')
    ON CONFLICT (version) DO NOTHING;

END;
