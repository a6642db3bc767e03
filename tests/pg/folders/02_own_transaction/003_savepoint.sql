BEGIN WORK;
INSERT INTO names VALUES (3, 'three');
SAVEPOINT before_doubt;
INSERT INTO names VALUES (4, 'four');
ROLLBACK TO SAVEPOINT before_doubt;
RELEASE SAVEPOINT before_doubt;
INSERT INTO schema_migrations (version, name) VALUES ('003', 'savepoint');
COMMIT WORK;
