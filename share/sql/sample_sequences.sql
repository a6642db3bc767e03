-- Sequences and how much of their range is used; the range ends where the column that they fill ends. Those that the
-- role may not read have no value; those that begin again have no end.
select * from (
       select s.seqrelid::regclass::text, q.last_value, q.first_value, q.end_value, o.owner,
              case when q.last_value is null then null
                   else round(100 * (q.last_value::numeric - q.first_value) / nullif(q.end_value::numeric - q.first_value, 0), 1)
                   end as percent,
              q.readable, count(*) over () as all_of_them, count(*) filter (where not q.readable) over () as unreadable
         from pg_sequence s
         join pg_class c on c.oid = s.seqrelid
              and (c.relpersistence = 'p' or (c.relpersistence = 'u' and not pg_is_in_recovery()))
         left join lateral (
              select a.attrelid::regclass::text || '.' || quote_ident(a.attname) as owner,
                     case a.atttypid when 'int2'::regtype then 32767 when 'int4'::regtype then 2147483647 end as most
                from pg_depend d
                join pg_attribute a on a.attrelid = d.refobjid and a.attnum = d.refobjsubid
               where d.classid = 'pg_class'::regclass and d.objid = s.seqrelid and d.refclassid = 'pg_class'::regclass
                 and d.deptype in ('a', 'i')
               limit 1) o on true
         join lateral (
              select case when has_sequence_privilege(s.seqrelid, 'SELECT, USAGE')
                          then pg_sequence_last_value(s.seqrelid) end as last_value,
                     case when s.seqincrement > 0 then s.seqmin else s.seqmax end as first_value,
                     case when s.seqincrement > 0 then least(s.seqmax, o.most)
                          else greatest(s.seqmin, - o.most - 1) end as end_value,
                     has_sequence_privilege(s.seqrelid, 'SELECT, USAGE') as readable) q on true
        where not s.seqcycle) found
 order by percent desc nulls last, 1
 limit 10
