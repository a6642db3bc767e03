CREATE TABLE {{schema}}.names (id int);
