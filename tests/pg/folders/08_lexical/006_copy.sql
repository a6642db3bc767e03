COPY t (id, v) FROM stdin;
12	--not a comment
13	\\!
\.
ANALYZE t;
