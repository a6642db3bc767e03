/* A plain SQL file, run as psql would: statement by statement, up to the first error. Knows no migrations. */
#ifndef ENGINE_SQL_FILE_H
#define ENGINE_SQL_FILE_H

#include <stdint.h>

#include "base/error.h"
#include "pg/session.h"

/*
 * Runs the file on a session; transactions are those that the file itself begins and ends. COPY with inline data is
 * fine; psql commands are refused. Errors carry file, line and column and are the server's, or FAIL_REFUSED for a
 * file that cannot be split.
 */
enum status sql_file_run(struct session *session, const char *path, int64_t ceiling_bytes,
                         struct error *err) MUST_CHECK;

#endif
