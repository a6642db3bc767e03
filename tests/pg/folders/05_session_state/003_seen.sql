CREATE TABLE seen AS SELECT current_setting('statement_timeout') AS timeout, current_user = session_user AS role_is_ours;
PREPARE left_over AS SELECT 1;
CREATE TEMPORARY TABLE left_over_too (id int);
