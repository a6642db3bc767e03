\if :{?fresh}
CREATE TABLE t (id int);
\endif
