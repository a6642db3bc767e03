-- Asks the session $1 that began at $2 to give up its statement, unless it is later than $3 (ms) by the server's clock:
-- then something else may run there. No row: nothing was sent.
select pg_cancel_backend(a.pid)
  from pg_stat_activity a
 where a.pid = $1::int4 and a.backend_start = $2::timestamptz
   and clock_timestamp() < to_timestamp($3::float8 / 1000)
