CREATE TABLE t (id int);
DO $x$ BEGIN END $y$;
