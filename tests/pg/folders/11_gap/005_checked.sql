ALTER TABLE imported ADD COLUMN checked boolean;
