#include <string.h>

#include "pg/wire.h"

struct sqlstate_row {
	const char *prefix; /* the first row that fits counts */
	enum status status;
	const char *hint;   /* NULL: the status' own */
};

static const struct sqlstate_row ROWS[] = {
	{.prefix = "08", .status = FAIL_UNREACHABLE},
	{.prefix = "57P01",
	 .status = FAIL_UNREACHABLE,
	 .hint = "An administrator ended the session or the server; run again when the server is up."},
	{.prefix = "57P02",
	 .status = FAIL_UNREACHABLE,
	 .hint = "The server crashed and restarts; look at its log, then run again."},
	{.prefix = "57P03",
	 .status = FAIL_UNREACHABLE,
	 .hint = "The server is starting up, shutting down or in recovery; run again in a moment."},
	{.prefix = "28P01",
	 .status = FAIL_USAGE,
	 .hint = "Check the user and the password: ~/.pgpass, PGPASSWORD or the connection string. It is never shown."},
	{.prefix = "28", .status = FAIL_USAGE, .hint = "Check the user's name, and what pg_hba.conf allows it."},
	{.prefix = "3D000", .status = FAIL_USAGE, .hint = "Check the database's name; `psql -l` lists those there are."},
	{.prefix = "42501",
	 .status = FAIL_USAGE,
	 .hint = "Grant the role the right that is missing, or connect as a role that has it."},
	{.prefix = "55P03",
	 .status = FAIL_LOCK_BUDGET,
	 .hint = "Another session holds a conflicting lock; run again when it is gone."},
	{.prefix = "53100", .status = FAIL_GATE, .hint = "Free space on the server's disk, then run again."},
	{.prefix = "53200",
	 .status = FAIL_GATE,
	 .hint = "The server is out of memory or of lock slots: see max_locks_per_transaction."},
	{.prefix = "53", .status = FAIL_GATE, .hint = "The server ran out of a resource; free it, then run again."},
};

enum status sqlstate_status(const char *sqlstate, const char **ret_hint)
{
	for (size_t i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++) {
		if (strncmp(sqlstate, ROWS[i].prefix, strlen(ROWS[i].prefix)) != 0)
			continue;
		*ret_hint = ROWS[i].hint;
		return ROWS[i].status;
	}
	*ret_hint = NULL;
	return FAIL_INTERNAL;
}
