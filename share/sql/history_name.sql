-- The parts of a table's name as configured: one or two, folded and unquoted as the server does.
select part from pg_catalog.unnest(pg_catalog.parse_ident($1)) with ordinality as p (part, number) order by number
