CREATE TABLE names (id int);
CREATE TABLE prices (id int);
