INSERT INTO seen (version) VALUES ('2');
