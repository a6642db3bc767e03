-- Columns of those relations, by name: that is what does not depend on the order a restore puts them in.
select attrelid::text, attnum, attname::text, atttypid::text, format_type(atttypid, atttypmod), attcollation <> 0
from pg_attribute a join pg_class c on c.oid = attrelid join pg_namespace n on n.oid = relnamespace
where relkind in ('r', 'm') and nspname !~ '^pg_' and nspname <> 'information_schema' and attnum > 0 and not attisdropped
order by attrelid, attname collate "C"
