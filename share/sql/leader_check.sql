-- Whether this session holds the leadership ($1).
select exists (select
                 from pg_catalog.pg_locks l join pg_catalog.pg_database d on d.oid = l.database
                where l.locktype = 'advisory' and l.granted and l.pid = pg_catalog.pg_backend_pid()
                  and d.datname = pg_catalog.current_database() and l.objsubid = 1
                  and (l.classid::pg_catalog.int8 << 32 | l.objid::pg_catalog.int8) = $1::pg_catalog.int8)
