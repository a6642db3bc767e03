-- The evidence of a gate ($1) that the newest run's apply began with, or that was taken anew when it was continued.
select l.body
  from pgsluice.ledger l
 where l.kind = 'evidence' and l.body ->> 'gate' = $1
   and l.seq > (select pg_catalog.max(r.seq) from pgsluice.ledger r where r.kind = 'run')
 order by l.seq desc
 limit 1
