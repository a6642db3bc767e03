BEGIN;
CREATE TABLE names (id int);
