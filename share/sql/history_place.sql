-- Where a history table will be created: in the named schema ($1) if it is there, else first on the search path ($2).
select n.nspname
  from pg_catalog.pg_namespace n
 where n.nspname = coalesce($1::pg_catalog.name, ($2::pg_catalog.name[])[1])
