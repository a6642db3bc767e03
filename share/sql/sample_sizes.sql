-- Size of the database, and its largest tables with TOAST and indexes as the last vacuum or analyze found them: the
-- files themselves are not asked, for that would wait for locks.
select 'database', current_database()::text, pg_database_size(current_database()), null::int8, null::int8
union all
(select 'table', c.oid::regclass::text,
        (c.relpages + coalesce(t.relpages, 0) + coalesce(x.pages, 0))::int8 * current_setting('block_size')::int8,
        coalesce(x.pages, 0)::int8 * current_setting('block_size')::int8, greatest(c.reltuples, 0)::int8
   from (select * from pg_class where relkind in ('r', 'm') and relpages > 0 order by relpages desc limit 50) c
   left join pg_class t on t.oid = c.reltoastrelid
   left join lateral (
        select sum(i.relpages) as pages from pg_index n join pg_class i on i.oid = n.indexrelid
         where n.indrelid = c.oid) x on true
  order by 3 desc
  limit 10)
