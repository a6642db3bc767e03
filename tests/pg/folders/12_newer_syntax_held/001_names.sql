CREATE TABLE names (id int);
