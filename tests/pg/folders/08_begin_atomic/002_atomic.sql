-- Description: a body that is not a string
-- pgsluice:requires-server >= 14
CREATE FUNCTION doubled(n int) RETURNS int
BEGIN ATOMIC
    SELECT CASE WHEN n > 0 THEN 1 END;
    SELECT n * 2;
END;
CREATE TABLE after_it (id int);
