-- The ledger for people.
create or replace view pgsluice.runs as
select b.run_id, b.at as began_at, e.at as ended_at, b.body ->> 'command' as command, b.body ->> 'plan_id' as plan_id,
       b.body ->> 'continues' as continues,
       case e.kind when 'end' then coalesce(e.body ->> 'state', e.body ->> 'action') else e.kind end as outcome,
       e.body ->> 'message' as message
  from pgsluice.ledger b
  left join lateral (select l.at, l.kind, l.body
                       from pgsluice.ledger l
                      where l.kind in ('end', 'stopped') and l.run_id = b.run_id and l.seq > b.seq
                      order by l.seq desc
                      limit 1) e on true
 where b.kind in ('run', 'continued');
comment on view pgsluice.runs is 'Runs that began to apply; one without an outcome was cut off or is at work.';

create or replace view pgsluice.evidence as
select l.seq, l.at, l.run_id, l.body ->> 'gate' as gate, l.body ->> 'state' as state,
       (l.body ->> 'taken_at')::pg_catalog.timestamptz as taken_at, l.body -> 'checks' as checks, l.body
  from pgsluice.ledger l
 where l.kind in ('evidence', 'approval');
comment on view pgsluice.evidence is 'What each gate measured, as it was when the apply began.';

create or replace view pgsluice.journal as
select l.seq, l.at, l.run_id, l.version, l.step, l.kind, l.body ->> 'tag' as tag,
       coalesce(l.body ->> 'outcome', l.body ->> 'action') as outcome, null::pg_catalog.int8 as duration_ms,
       l.body ->> 'sql' as sql
  from pgsluice.ledger l
 where l.kind in ('intent', 'outcome', 'step', 'resolved')
 union all
select l.seq, l.at, l.run_id, m.value ->> 'version', null, 'migration', null, 'committed',
       (m.value ->> 'duration_ms')::pg_catalog.int8, null
  from pgsluice.ledger l
 cross join lateral pg_catalog.jsonb_array_elements(l.body -> 'trace') with ordinality as m (value, number)
 where l.kind = 'journal';
comment on view pgsluice.journal is
    'Migrations and steps that committed, and statements outside transactions: what was begun and how it ended.';
