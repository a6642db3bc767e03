-- Description: texts out of line
-- pgsluice:requires-server >= 16
-- pgsluice:allow unparsed because the column clause STORAGE is from PostgreSQL 16
CREATE TABLE texts (id int PRIMARY KEY, body text STORAGE EXTERNAL);
