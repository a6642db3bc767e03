-- Description: Größe 数
INSERT INTO forms (v) VALUES ('Größe 数');
