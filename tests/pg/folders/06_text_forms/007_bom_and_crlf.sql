-- Description: both
INSERT INTO forms (v) VALUES ('both');
