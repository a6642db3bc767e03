-- Description: CRLF
INSERT INTO forms (v)
VALUES ('crlf');
