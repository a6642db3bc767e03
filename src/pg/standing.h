/*
 * A cluster that goes on running when the program ends, for people to try things on: made in a folder from installed
 * server programs, on a private Unix socket below it, as durable as any. Knows nothing of what is put into it.
 */
#ifndef PG_STANDING_H
#define PG_STANDING_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/error.h"
#include "pg/binaries.h"
#include "sys/loop.h"

/* The cluster's first role. */
#define STANDING_SUPERUSER "postgres"

/*
 * Makes a cluster in the folder (an absolute path), replacing one of ours that is there. FAIL_USAGE for what has to be
 * installed and for a folder with anything else in it, FAIL_INTERNAL with what initdb said.
 */
enum status standing_make(struct loop *loop, const char *folder, const struct binaries *binaries,
                          struct error *err) MUST_CHECK;

/* Starts it unless it runs; returns when it takes connections. FAIL_INTERNAL with the end of the server's log. */
enum status standing_start(struct loop *loop, const char *folder, const struct binaries *binaries,
                           struct error *err) MUST_CHECK;

/*
 * Ends its processes and removes the folder with all in it; *ret_was_there may be NULL. FAIL_USAGE, and nothing is
 * touched, for a folder that is not of a cluster of ours.
 */
enum status standing_remove(struct loop *loop, const char *folder, bool *ret_was_there, struct error *err) MUST_CHECK;

/* "host=... dbname=... user=...", in the arena. */
const char *standing_conninfo(struct arena *arena, const char *folder, const char *database);

#endif
