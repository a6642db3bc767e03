CREATE TABLE mails (id int PRIMARY KEY, body text);
