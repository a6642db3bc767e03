-- A file that switches the lock time-out off (as pg_dump's output does) gets ours back: no wait is without end.
select pg_catalog.set_config('lock_timeout', $1, true)
 where pg_catalog.current_setting('lock_timeout') operator(pg_catalog.=) '0'
