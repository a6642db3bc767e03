CREATE INDEX CONCURRENTLY names_name_idx ON names (name);
CREATE INDEX CONCURRENTLY names_price_idx ON names (price);
REINDEX INDEX CONCURRENTLY names_name_idx;
