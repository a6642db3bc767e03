CREATE TABLE t (id int);
\c other
