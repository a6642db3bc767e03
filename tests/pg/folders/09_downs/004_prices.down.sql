DROP VIEW all_prices;
