INSERT INTO t VALUES (5, E'it\'s; \\');
INSERT INTO t VALUES (6, U&'d\0061t\+000061;');
CREATE TABLE "odd;""name" ("a;b" int);
INSERT INTO t SELECT 7, '\' WHERE 2 * - 1 < 0 AND 'a' ~ '^a' AND 1 <> - 2;
