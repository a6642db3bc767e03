-- The ledger: rows are only ever added, and each carries the hash of the one before. ledger_append gives a row its
-- number, its time and its hash; ledger_chain.sql computes the same hash without trusting this function.
create table pgsluice.ledger (
    seq pg_catalog.int8 primary key,
    at pg_catalog.timestamptz not null,
    run_id pg_catalog.uuid not null,
    kind pg_catalog.text not null,
    version pg_catalog.text,
    step pg_catalog.int4,
    body pg_catalog.jsonb,
    previous pg_catalog.text not null unique,
    hash pg_catalog.text not null
);
create index ledger_kind on pgsluice.ledger (kind, seq);
comment on table pgsluice.ledger is 'Append-only; each row carries the hash of the one before. Layout 1.';

create function pgsluice.ledger_append() returns pg_catalog.trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
    last_seq int8;
    last_hash text;
begin
    select l.seq, l.hash into last_seq, last_hash from pgsluice.ledger l order by l.seq desc limit 1;
    new.seq := coalesce(last_seq, 0) + 1;
    new.at := clock_timestamp();
    -- Unique: of two writers who saw the same last row one fails, so the chain cannot fork.
    new.previous := coalesce(last_hash, repeat('0', 64));
    new.hash := encode(sha256(convert_to(jsonb_build_array(
        new.previous, new.seq, to_char(new.at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), new.run_id,
        new.kind, new.version, new.step, new.body)::text, 'UTF8')), 'hex');
    return new;
end
$$;

create function pgsluice.ledger_refuse() returns pg_catalog.trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    raise exception 'the ledger is append-only: % is refused', tg_op
        using errcode = 'object_not_in_prerequisite_state',
              hint = 'Rows of pgsluice.ledger are evidence; they are kept as they are.';
end
$$;

create trigger ledger_append before insert on pgsluice.ledger
    for each row execute function pgsluice.ledger_append();
create trigger ledger_refuse before update or delete or truncate on pgsluice.ledger
    for each statement execute function pgsluice.ledger_refuse();
-- Also where session_replication_role is replica.
alter table pgsluice.ledger enable always trigger ledger_append, enable always trigger ledger_refuse;
