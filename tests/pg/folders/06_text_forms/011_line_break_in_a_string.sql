INSERT INTO forms (v) VALUES ('a
b');
