CREATE TABLE t (id int);
\ir other.sql
