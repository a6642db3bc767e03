/* TEMPLATE */ CREATE TABLE /* TEMPLATE:name */ (id int);
