CREATE TYPE colour AS ENUM ('red');
ALTER TYPE colour ADD VALUE 'blue';
CREATE TABLE paints (id int, colour colour DEFAULT 'blue');
