-- The row of a migration that is taken back; versions are numbers, however the row writes them.
delete from {history}
 where pg_catalog.ltrim(version::pg_catalog.text, '0') operator(pg_catalog.=) pg_catalog.ltrim($1, '0')
