-- Tablespaces: a plan may name one that holds nothing of this database yet.
select spcname::text, (select rolname from pg_roles r where r.oid = spcowner)::text, pg_tablespace_location(oid)
from pg_tablespace t
where spcname !~ '^pg_'
order by 1
