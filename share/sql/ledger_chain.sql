-- The first row that does not follow from the one before, and why. Computes the hash anew, without the table's own
-- functions, in the form that ledger_table.sql gives it.
with chain as (
    select l.seq, l.previous, l.hash,
           pg_catalog.lag(l.seq) over w as seq_before, pg_catalog.lag(l.hash) over w as hash_before,
           pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(pg_catalog.jsonb_build_array(
               l.previous, l.seq, pg_catalog.to_char(l.at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), l.run_id,
               l.kind, l.version, l.step, l.body)::pg_catalog.text, 'UTF8')), 'hex') as hash_now
      from pgsluice.ledger l
    window w as (order by l.seq)
), broken as (
    select seq,
           case when seq <> coalesce(seq_before, 0) + 1 then 'rows before it are missing'
                when previous <> coalesce(hash_before, pg_catalog.repeat('0', 64))
                     then 'it does not follow from the row before it'
                when hash <> hash_now then 'its content was changed' end as reason
      from chain
)
select seq, reason from broken where reason is not null order by seq limit 1
