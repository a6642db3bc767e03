-- The schema of pg_stat_statements, if this database has the extension.
select quote_ident(nspname) from pg_extension e join pg_namespace n on n.oid = extnamespace
where extname = 'pg_stat_statements'
