DROP TABLE last_one;
