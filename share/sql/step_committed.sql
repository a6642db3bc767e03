-- Whether a step of a migration is in the journal as done: its row commits with the step.
select exists (select from pgsluice.ledger
                where run_id = $1::pg_catalog.uuid and version = $2 and step = $3::pg_catalog.int4
                  and (kind = 'step' or (kind = 'outcome' and body ->> 'done' = 'true')))
