CREATE TABLE :SCHEMA.names (id int);
