"""Private PostgreSQL clusters, the real program, and what stands between them; ../../README.md tells how."""
