-- All rows, by version as numbers. {history} is the table, {more} its other columns or nulls.
select h.version::pg_catalog.text, h.name::pg_catalog.text, pg_catalog.to_json(h.applied_at) #>> '{}', {more}
  from {history} h
 order by pg_catalog.length(pg_catalog.ltrim(h.version::pg_catalog.text, '0')),
          pg_catalog.ltrim(h.version::pg_catalog.text, '0') collate "C"
