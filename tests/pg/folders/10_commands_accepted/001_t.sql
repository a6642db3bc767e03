\set ON_ERROR_STOP on
\restrict Zm9vYmFy
CREATE TABLE t (id int PRIMARY KEY, v text);
INSERT INTO t VALUES (1, '\! touch x'),
    (2, '
\i other'::text);
UPDATE t SET v = ltrim(v, E'\n');
COPY t FROM STDIN;
3	tab\there
\.
\unrestrict Zm9vYmFy
\unset ON_ERROR_STOP
