-- Files in pg_wal, and how many of them wait to be archived.
select (select count(*) from pg_ls_waldir()), (select coalesce(sum(size), 0)::int8 from pg_ls_waldir()),
       (select count(*) from pg_ls_archive_statusdir() where name like '%.ready'),
       pg_size_bytes(current_setting('max_wal_size'))
