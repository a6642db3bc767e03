-- The columns that a history table of another origin lacks. {history} is its name.
alter table {history}
    add column checksum pg_catalog.text,
    add column applied_by pg_catalog.text,
    add column duration_ms pg_catalog.int8,
    add column run_id pg_catalog.uuid
