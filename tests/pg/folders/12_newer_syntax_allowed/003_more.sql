ALTER TABLE names ADD COLUMN name text;
