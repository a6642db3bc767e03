-- Whether the server is a standby, and whether a transaction begun now would be read-only.
select pg_catalog.pg_is_in_recovery(),
       pg_catalog.current_setting('transaction_read_only') operator(pg_catalog.=) 'on'
