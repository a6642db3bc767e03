-- Databases that a run left on a staging server: named as ours are, with no session of that run.
select d.datname::text from pg_database d
where d.datname ~ '^pgsluice_[0-9a-f]{8}_(copy|live|canonical)$'
	and not exists (select from pg_stat_activity a
		where a.application_name ~ ('^pgsluice/' || substr(d.datname, 10, 8)))
order by 1
