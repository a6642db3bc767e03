INSERT INTO seen (version) VALUES ('0010');
