CREATE TABLE prices (id int PRIMARY KEY);
CREATE VIEW all_prices AS SELECT id FROM prices;
