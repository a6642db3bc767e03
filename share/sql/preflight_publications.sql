-- Publications that would carry the ledger's rows to subscribers that have no such table.
select p.pubname from pg_catalog.pg_publication p
 where p.puballtables
    or exists (select from pg_catalog.pg_publication_tables t where t.pubname = p.pubname and t.schemaname = 'pgsluice')
 order by 1
