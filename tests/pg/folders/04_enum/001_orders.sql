CREATE TYPE state AS ENUM ('open', 'paid');
CREATE TABLE orders (id int PRIMARY KEY, state state NOT NULL);
INSERT INTO orders VALUES (1, 'open');
