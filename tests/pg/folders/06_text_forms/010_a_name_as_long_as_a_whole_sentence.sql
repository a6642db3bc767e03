;;
INSERT INTO forms (v) VALUES ('long');
;
