-- Description: nothing here needs it, and every statement is a step of its own all the same
-- pgsluice:transaction none
INSERT INTO names VALUES (1, 'one', 1);
UPDATE names SET price = 2;
