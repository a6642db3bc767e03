-- Where all that we keep in a target lives.
create schema pgsluice;
comment on schema pgsluice is 'What pgsluice did here: runs, evidence and journal of migrations. Keep it.';
