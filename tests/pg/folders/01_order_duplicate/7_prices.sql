ALTER TABLE prices ADD COLUMN price int;
