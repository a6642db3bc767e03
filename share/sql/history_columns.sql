-- The columns of a relation: name, type, the type's category, and whether an insert must give a value.
select a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod), t.typcategory,
       a.attnotnull and not a.atthasdef and a.attidentity = ''
  from pg_catalog.pg_attribute a
  join pg_catalog.pg_type t on t.oid = a.atttypid
 where a.attrelid = $1::pg_catalog.oid and a.attnum > 0 and not a.attisdropped
 order by a.attnum
