-- Bytes in pg_wal.
select coalesce(sum(size), 0)::int8 from pg_ls_waldir()
