/* one /* two ; */ still one ; ' " $$ */
-- it's; a "comment" $$
INSERT INTO t VALUES (1, 'a;b') /* ; */; -- ;
INSERT INTO t VALUES (2, '/* not a comment */');
INSERT INTO t VALUES (3, 'it''s; -- fine');
