CREATE SCHEMA app;
SET search_path = app;
SET statement_timeout = '17min';
SET standard_conforming_strings = off;
SET TimeZone = 'Asia/Tokyo';
CREATE TABLE inside (id int);
