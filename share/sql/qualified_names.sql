-- The tables that names mean on this session's search path, as "schema.name".
select pg_catalog.quote_ident(n.nspname) operator(pg_catalog.||) '.' operator(pg_catalog.||)
           pg_catalog.quote_ident(c.relname)
  from pg_catalog.unnest($1::pg_catalog.text[]) with ordinality as u (name, number)
  left join pg_catalog.pg_class c
    on c.oid operator(pg_catalog.=) pg_catalog.to_regclass(u.name)::pg_catalog.oid and c.relkind in ('r', 'p', 'm')
  left join pg_catalog.pg_namespace n on n.oid operator(pg_catalog.=) c.relnamespace
 order by u.number
