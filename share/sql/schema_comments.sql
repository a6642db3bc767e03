-- Comments and security labels. The comment on a table's row type is lost by a dump, those on large objects are data.
select 'comment', concat_ws(' ', i.type, i.identity), description,
	case when d.classoid = 'pg_class'::regclass then d.objoid::regclass::text end
from pg_description d, pg_identify_object(classoid, objoid, objsubid) i
where objoid >= 16384 and classoid <> 'pg_largeobject'::regclass
	and coalesce(i.schema, '') <> 'pgsluice' and not (i.type = 'schema' and i.identity = 'pgsluice')
	and i.identity !~ ' on pgsluice\.'
	and not exists (select from own o where o.classid = d.classoid and o.objid = d.objoid)
	and not exists (select from ext e where e.classid = d.classoid and e.objid = d.objoid)
	and not (classoid = 'pg_type'::regclass and exists (
		select from pg_type t left join pg_class c on c.oid = t.typrelid
		where t.oid = objoid and (c.relkind <> 'c' or t.typelem <> 0 and t.typcategory = 'A')))
union all
select 'security label', concat_ws(' ', provider, i.type, i.identity), label,
	case when l.classoid = 'pg_class'::regclass then l.objoid::regclass::text end
from pg_seclabel l, pg_identify_object(classoid, objoid, objsubid) i
where classoid <> 'pg_largeobject'::regclass and coalesce(i.schema, '') <> 'pgsluice'
	and not exists (select from own o where o.classid = l.classoid and o.objid = l.objoid)
