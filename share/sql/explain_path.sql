-- The search path of another session ($1, a name[]), for a session that is to find the same names.
SELECT pg_catalog.set_config('search_path',
                             coalesce((SELECT pg_catalog.string_agg(pg_catalog.quote_ident(name), ', ' ORDER BY place)
                                       FROM pg_catalog.unnest($1::pg_catalog.name[]) WITH ORDINALITY AS path (name, place)),
                                      ''),
                             false)
