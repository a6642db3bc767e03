CREATE TABLE seen (id serial PRIMARY KEY, version text NOT NULL);
INSERT INTO seen (version) VALUES ('1');
