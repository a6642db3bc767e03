-- Relations of that name ($1): in the named schema ($2), or without one anywhere; $3 is the search path. Says whether
-- one is on the path, and whether its versions are unique.
select n.nspname, c.oid, c.relkind, n.nspname = any ($3::pg_catalog.name[]),
       exists (select
                 from pg_catalog.pg_index i
                 join pg_catalog.pg_attribute a on a.attrelid = i.indrelid and a.attnum = i.indkey[0]
                where i.indrelid = c.oid and i.indisunique and i.indimmediate and i.indisvalid
                  and i.indpred is null and i.indexprs is null and i.indnkeyatts = 1 and a.attname = 'version')
  from pg_catalog.pg_class c
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
 where c.relname = $1::pg_catalog.name and c.relkind in ('r', 'p', 'v', 'm', 'f')
   and n.nspname !~ '^pg_(temp|toast)'
   and ($2::pg_catalog.name is null or n.nspname = $2::pg_catalog.name)
 order by pg_catalog.array_position($3::pg_catalog.name[], n.nspname), n.nspname
