-- The ledger for people.
create or replace view pgsluice.runs as
select r.run_id, r.at as began_at, e.at as ended_at, r.body ->> 'command' as command,
       r.body ->> 'environment' as environment, r.body ->> 'plan_id' as plan_id, e.body ->> 'status' as status,
       (e.body ->> 'exit')::pg_catalog.int4 as exit
  from pgsluice.ledger r
  left join lateral (select l.at, l.body
                       from pgsluice.ledger l
                      where l.kind = 'end' and l.run_id = r.run_id and l.seq > r.seq
                      order by l.seq desc
                      limit 1) e on true
 where r.kind = 'run';
comment on view pgsluice.runs is 'Runs that began to apply; one without an end stopped on the way.';

create or replace view pgsluice.evidence as
select l.seq, l.at, l.run_id, l.body ->> 'gate' as gate, l.body ->> 'state' as state, l.body
  from pgsluice.ledger l
 where l.kind = 'evidence';
comment on view pgsluice.evidence is 'What each gate measured, as it was when the apply began.';

create or replace view pgsluice.journal as
select l.seq, l.at, l.run_id, l.version, l.step, l.kind, l.body ->> 'tag' as tag, l.body ->> 'outcome' as outcome,
       l.body ->> 'sql' as sql
  from pgsluice.ledger l
 where l.kind in ('intent', 'outcome', 'step');
comment on view pgsluice.journal is
    'Steps that committed, and statements outside transactions: what was begun and how it ended.';
