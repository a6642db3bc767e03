-- Whether the server is a standby, and whether a transaction begun now would be read-only.
SELECT pg_catalog.pg_is_in_recovery(),
       pg_catalog.current_setting('transaction_read_only') OPERATOR(pg_catalog.=) 'on';
