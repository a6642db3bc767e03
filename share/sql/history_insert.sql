-- The row of a migration, sent before its statements; a plain insert, so that a second runner waits here and fails.
insert into {history} (version, name, applied_at, checksum, applied_by, run_id)
values ($1, $2, pg_catalog.now(), $3, session_user, $4)
