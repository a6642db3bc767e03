-- Versions of extensions that this server can create: name, version.
select name::text, version from pg_available_extension_versions order by 1, 2
