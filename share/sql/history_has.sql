-- Whether the row of a version is there; versions are numbers, however the row writes them.
select exists (select from {history}
                where pg_catalog.ltrim(version::pg_catalog.text, '0')
                      operator(pg_catalog.=) pg_catalog.ltrim($1, '0'))
