ALTER TYPE state ADD VALUE IF NOT EXISTS 'refunded' AFTER 'paid';
ALTER TABLE orders ADD COLUMN note text;
UPDATE orders SET state = 'refunded' WHERE id = 1;
CREATE INDEX orders_refunded_idx ON orders (id) WHERE state = 'refunded';
