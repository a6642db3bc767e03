-- The newest row of a kind ($1).
select l.seq, pg_catalog.to_char(l.at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'), l.kind, l.run_id, l.version,
       l.step, l.body
  from pgsluice.ledger l
 where l.kind = $1
 order by l.seq desc
 limit 1
