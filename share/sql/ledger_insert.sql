-- Adds a row; number, time and hash are given by the table's trigger.
insert into pgsluice.ledger (run_id, kind, version, step, body)
values ($1::pg_catalog.uuid, $2::pg_catalog.text, $3::pg_catalog.text, $4::pg_catalog.int4, $5::pg_catalog.jsonb)
