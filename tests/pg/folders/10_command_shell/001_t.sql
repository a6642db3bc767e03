CREATE TABLE t (id int);
\! touch pgsluice-was-here
