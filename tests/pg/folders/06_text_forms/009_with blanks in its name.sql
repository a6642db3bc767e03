INSERT INTO forms (v) VALUES ('blanks');
