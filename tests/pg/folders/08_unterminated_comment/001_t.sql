CREATE TABLE t (id int);
  /* one /* two */
SELECT 1;
