-- How many transactions and multixacts have passed since the oldest that rows still name: databases, then the oldest
-- tables of this one. Next to each the age at which autovacuum is forced to begin.
(select 'database', d.datname::text, age(d.datfrozenxid), mxid_age(d.datminmxid),
        current_setting('autovacuum_freeze_max_age')::int8, current_setting('autovacuum_multixact_freeze_max_age')::int8
   from pg_database d
  order by greatest(age(d.datfrozenxid), mxid_age(d.datminmxid)) desc
  limit 5)
union all
(select 'table', c.oid::regclass::text, age(c.relfrozenxid), mxid_age(c.relminmxid),
        current_setting('autovacuum_freeze_max_age')::int8, current_setting('autovacuum_multixact_freeze_max_age')::int8
   from pg_class c
  where c.relkind in ('r', 'm', 't') and c.relfrozenxid <> '0'
  order by greatest(age(c.relfrozenxid), mxid_age(c.relminmxid)) desc
  limit 5)
