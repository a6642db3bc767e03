-- Takes back what a file may have left in the session, statement by statement, so that it can be part of a pipeline
-- (DISCARD ALL cannot). Each stands on one line.
SET SESSION AUTHORIZATION DEFAULT;
RESET ALL;
DEALLOCATE ALL;
CLOSE ALL;
UNLISTEN *;
SELECT pg_catalog.pg_advisory_unlock_all();
DISCARD TEMP;
DISCARD SEQUENCES;
