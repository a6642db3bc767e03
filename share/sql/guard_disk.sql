-- Where the data is (null: the role may not see it), and whether the server is on this machine.
select (select setting from pg_settings where name = 'data_directory'), inet_server_addr() is null
