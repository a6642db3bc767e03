-- Whether a step of a migration is in the journal: its row commits with the step.
select exists (select from pgsluice.ledger
                where run_id = $1::pg_catalog.uuid and kind = 'step' and version = $2 and step = $3::pg_catalog.int4)
