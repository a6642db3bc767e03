-- Prepared transactions of this database: they hold their locks until somebody ends them.
select gid, owner, (extract(epoch from pg_catalog.clock_timestamp() - prepared) * 1000)::pg_catalog.int8
  from pg_catalog.pg_prepared_xacts where database = pg_catalog.current_database() order by prepared
