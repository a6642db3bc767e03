CREATE TABLE last_one (id int);
