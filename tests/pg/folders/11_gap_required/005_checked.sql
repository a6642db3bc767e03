-- Description: needs what another language made
-- pgsluice:requires 003
ALTER TABLE names ADD COLUMN checked boolean;
