CREATE TABLE t (id int PRIMARY KEY, v text);
CREATE TABLE log (id int);
