-- Description: nothing to do any more

/* was: CREATE TABLE old (id int); */
