/* TEMPLATE */
INSERT INTO mails VALUES
    (1, 'Dear {{name}},'),
    (2, '{{#each rows}}:NAME{{/each}}'),
    (3, '$%X%$'),
    (4, '12:30:NAME');
CREATE FUNCTION greeting() RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    RETURN 'Hello {{ .User }} :NAME'; -- {{ not a template }}
END
$$;
SELECT ('{1,2,3}'::int[])[1:2];
