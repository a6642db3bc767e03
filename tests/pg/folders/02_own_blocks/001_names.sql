CREATE TABLE names (id int PRIMARY KEY, name text);
