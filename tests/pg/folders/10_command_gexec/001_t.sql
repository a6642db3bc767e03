CREATE TABLE t (id int);
SELECT 'DROP TABLE t' \gexec
