-- The newest run and all after it. What can be large is asked for by its kind.
select l.seq, pg_catalog.to_char(l.at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'), l.kind, l.run_id, l.version,
       l.step, case when l.kind not in ('evidence', 'approval', 'journal', 'baseline') then l.body end
  from pgsluice.ledger l
 where l.seq >= (select pg_catalog.max(r.seq) from pgsluice.ledger r where r.kind = 'run')
 order by l.seq
