-- What there is of the ledger: its schema, its table, its two guards as they must be, its three views; and whether the
-- role may make the schema.
select exists (select from pg_catalog.pg_namespace where nspname = 'pgsluice'),
       exists (select
                 from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
                where n.nspname = 'pgsluice' and c.relname = 'ledger' and c.relkind = 'r'),
       2 = (select count(*)
              from pg_catalog.pg_trigger t
              join pg_catalog.pg_class c on c.oid = t.tgrelid
              join pg_catalog.pg_namespace n on n.oid = c.relnamespace
              join pg_catalog.pg_proc p on p.oid = t.tgfoid and p.pronamespace = n.oid
             where n.nspname = 'pgsluice' and c.relname = 'ledger' and t.tgenabled = 'A' and not t.tgisinternal
               and (t.tgname, t.tgtype, p.proname) in (('ledger_append', 7, 'ledger_append'),
                                                       ('ledger_refuse', 58, 'ledger_refuse'))),
       3 = (select count(*)
              from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
             where n.nspname = 'pgsluice' and c.relname in ('runs', 'evidence', 'journal') and c.relkind = 'v'),
       pg_catalog.has_database_privilege(pg_catalog.current_database(), 'create')
