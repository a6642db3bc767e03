INSERT INTO seen (version) VALUES ('11');
