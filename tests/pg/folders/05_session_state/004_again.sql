PREPARE left_over AS SELECT 2;
DEALLOCATE left_over;
CREATE TEMPORARY TABLE left_over_too (id int);
