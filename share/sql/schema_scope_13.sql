-- PostgreSQL 13 has no column compression, no multiranges and no subscripting handlers.
cols as materialized (
	select a.attrelid, a.attnum, a.attname, a.atttypid, a.atttypmod, a.attcollation, a.attnotnull, a.attgenerated,
		a.attidentity, a.attstorage, ''::"char" as attcompression, a.attstattarget, a.attoptions, a.attfdwoptions,
		a.attislocal, a.attinhcount, a.attacl,
		row_number() over (partition by attrelid order by attnum) as pos
	from pg_attribute a where attrelid in (select oid from rel) and attnum > 0 and not attisdropped
),
rng as materialized (
	select rngtypid, rngsubtype, null::text as multirange, rngcollation, rngsubopc, rngcanonical, rngsubdiff
	from pg_range
),
subscripting as materialized (
	select oid, null::text as handler from pg_type where oid in (select oid from typ)
),
