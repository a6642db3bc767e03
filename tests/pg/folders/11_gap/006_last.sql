ALTER TABLE names ADD COLUMN last text;
