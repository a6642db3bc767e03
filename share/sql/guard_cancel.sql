-- Asks the session $1 to give up its statement.
select pg_cancel_backend($1::int4)
