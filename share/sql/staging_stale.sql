-- Databases that a run left on a staging server: named as ours are, with no session of that run.
select datname::text from pg_database
where datname ~ '^pgsluice_[0-9a-f]{8}_(copy|live|canonical)$'
	and not exists (select from pg_stat_activity
		where application_name ~ ('^pgsluice/' || substr(datname, 10, 8)))
order by 1
