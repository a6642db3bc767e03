/* PostgreSQL's programs on this machine: which major versions are there, and how old they are. Starts no server. */
#ifndef PG_BINARIES_H
#define PG_BINARIES_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/error.h"
#include "sys/loop.h"

struct binaries {
	const char *folder;         /* where postgres, initdb, pg_dump and pg_restore are */
	const char *library_folder; /* where the server's loadable libraries are, or NULL when that cannot be told */
	int version;                /* as server_version_num */
	const char *version_text;
};

/*
 * Programs of the server's major version: in `configured` if not NULL, else in the places where packages put them,
 * where pg_config says, and on PATH. FAIL_USAGE, naming the package, when there are none.
 */
enum status binaries_find(struct loop *loop, struct arena *arena, const char *configured, int server_version,
                          struct binaries *ret_binaries, struct error *err) MUST_CHECK;

/* The same where pg_dump and pg_restore are enough: the server is elsewhere. */
enum status binaries_find_client(struct loop *loop, struct arena *arena, const char *configured, int server_version,
                                 struct binaries *ret_binaries, struct error *err) MUST_CHECK;

/* Server programs of the newest major version here. FAIL_USAGE, naming the package, when there are none. */
enum status binaries_newest(struct loop *loop, struct arena *arena, struct binaries *ret_binaries,
                            struct error *err) MUST_CHECK;

/*
 * Whether a pg_dump of `version` is not older than the server by release date: older fix levels write what their own
 * pg_restore cannot read. A newer major counts by the round of releases it belongs to.
 */
bool binaries_fresh(int version, int server_version);

#endif
