-- Description: BOM
INSERT INTO forms (v) VALUES ('bom');
