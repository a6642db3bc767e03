-- Two runners must meet at the version's key: for a table that came without one.
alter table {history} add unique (version)
