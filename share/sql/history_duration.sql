-- The last statement of a migration: how long its transaction took. The operator's file may have set a search_path.
update {history}
   set duration_ms = (extract(epoch from pg_catalog.clock_timestamp() operator(pg_catalog.-) pg_catalog.now())
                      operator(pg_catalog.*) 1000)::pg_catalog.int8
 where version operator(pg_catalog.=) $1
