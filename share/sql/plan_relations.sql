-- What the planner knows of relations, by schema ($1) and name ($2) side by side: one JSON array of their rows and
-- pages by the statistics (-1 = never gathered) and their valid indexes; null when none is there.
select pg_catalog.json_agg(pg_catalog.json_build_object(
           'name', n.nspname || '.' || c.relname,
           'rows', c.reltuples::pg_catalog.int8,
           'pages', c.relpages,
           'indexes', (select coalesce(pg_catalog.json_agg(pg_catalog.pg_get_indexdef(i.indexrelid) order by ic.relname),
                                       '[]'::pg_catalog.json)
                         from pg_catalog.pg_index i
                         join pg_catalog.pg_class ic on ic.oid = i.indexrelid
                        where i.indrelid = c.oid and i.indisvalid)) order by n.nspname, c.relname)
  from rows from (pg_catalog.unnest($1::pg_catalog.text[]), pg_catalog.unnest($2::pg_catalog.text[]))
           as wanted (schema_name, relation_name)
  join pg_catalog.pg_namespace n on n.nspname = wanted.schema_name
  join pg_catalog.pg_class c on c.relnamespace = n.oid and c.relname = wanted.relation_name
