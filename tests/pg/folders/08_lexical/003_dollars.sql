-- Description: quotes in quotes
-- pgsluice:changes-data t
CREATE FUNCTION nested() RETURNS text LANGUAGE plpgsql AS $outer$
DECLARE
    r text;
BEGIN
    EXECUTE $inner$SELECT $q$a;b $$ c$q$$inner$ INTO r;
    RETURN r;
END;
$outer$;
DO $$ BEGIN INSERT INTO t VALUES (4, $x$;$x$); END $$;
