-- Sequences: their values are read from the sequences themselves, which alone tell a first value from none.
select s.seqrelid::regclass::text, seqincrement::text, seqcycle,
	has_schema_privilege(relnamespace, 'USAGE') and has_table_privilege(s.seqrelid, 'SELECT')
from pg_sequence s join pg_class c on c.oid = seqrelid join pg_namespace n on n.oid = relnamespace
where nspname !~ '^pg_' and nspname <> 'information_schema'
	and not exists (select from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')
order by 1
