-- Description: two statements in one; what a rule writes does not show in the UPDATE
-- pgsluice:changes-data log
CREATE RULE twice AS ON UPDATE TO t DO ALSO (
    INSERT INTO log VALUES (1);
    INSERT INTO log VALUES (2)
);
UPDATE t SET v = v WHERE id = 1;
DROP RULE twice ON t;
