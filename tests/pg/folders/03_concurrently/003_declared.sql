-- Description: said twice
-- pgsluice:transaction none
create unique index concurrently if not exists names_both_idx on names (name, price);
