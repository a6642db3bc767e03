-- The queries of this database that took most of the server's time since its statistics began: those of clients, not
-- those in functions; reading ones by their first word; not those that ask the server's own catalogs, and not ours. What
-- other roles sent is not told to everybody. The view is found on the search path.
select query, sum(calls)::int8, sum(total_exec_time)::int8
from pg_stat_statements s
where dbid = (select oid from pg_database where datname = current_database())
	and coalesce((to_jsonb(s) ->> 'toplevel')::bool, true)
	and query ~* '^[\s(]*(select|with|table)\M' and query ~* '\m(from|table)\M'
	and query !~* '\m(pg_catalog|information_schema)\.' and query !~* '\m(from|join)\s+pg_[a-z]'
	and query !~* '\mpg_[a-z_]+\s*\('
	and query !~ '^SELECT count\(\*\), sum\(.*\)::text FROM ONLY '
	and query !~ '\m(pgsluice|schema_migrations)\M'
group by query
order by sum(total_exec_time) desc, query
limit $1
