\set name 'value'
CREATE TABLE t (id int);
