-- The history table as we make it. {history} is its name.
create table {history} (
    version pg_catalog.text primary key,
    name pg_catalog.text not null,
    applied_at pg_catalog.timestamptz not null default pg_catalog.now(),
    checksum pg_catalog.text,
    applied_by pg_catalog.text,
    duration_ms pg_catalog.int8,
    run_id pg_catalog.uuid
)
