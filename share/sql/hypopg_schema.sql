-- The schema that HypoPG's functions are in, quoted.
select pg_catalog.quote_ident(n.nspname)
  from pg_catalog.pg_extension e
  join pg_catalog.pg_namespace n on n.oid = e.extnamespace
 where e.extname = 'hypopg'
