/*
 * A scratch cluster: a throw-away PostgreSQL made from installed server programs, on a private Unix socket, without
 * network and without durability, removed when it is closed. Knows nothing of what is put into it.
 */
#ifndef PG_SCRATCH_H
#define PG_SCRATCH_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/list.h"
#include "pg/binaries.h"
#include "pg/catalog.h"
#include "sys/loop.h"

/* The database of the cluster that is always there; the name postgres is live's to use. */
#define SCRATCH_DATABASE "pgsluice_scratch"

struct scratch;

struct scratch_options {
	const char *folder;                   /* work folder (scratch_folder); a subfolder of its own is used */
	const struct binaries *binaries;
	const char *superuser;                /* the cluster's first role: live's role with oid 10 */
	const char *run_id;                   /* written into its marker */
	const struct database_facts *like;    /* wal_level, checksums, locks, preload and locales as there; or NULL */
	const char *live_socket;              /* folder of live's socket, to be out of reach; NULL = there is none */
	const struct setting_list *settings;  /* further settings, as catalog_settings gives them; or NULL */
	bool loads;                           /* it is filled first, with as little WAL as can be, until scratch_settle */
};

/*
 * The folder for scratch clusters, made when it is missing: the configured one, else STATE/work, else, where the
 * account that servers run as cannot get there, a folder of ours in TMPDIR (or the place for large temporary files).
 * FAIL_USAGE when that account cannot get into a configured one.
 */
enum status scratch_folder(struct arena *arena, const char *configured, const char **ret_folder,
                           struct error *err) MUST_CHECK;

/*
 * Removes clusters below the folder whose process is gone (a killed run): ends their servers, removes their files.
 * Those of running processes are left alone. *ret_swept counts them; it may be NULL.
 */
enum status scratch_sweep(struct loop *loop, const char *folder, size_t *ret_swept, struct error *err) MUST_CHECK;

/*
 * Sweeps, makes the cluster and starts it; returns when it takes connections. Locales that the system lacks are made.
 * FAIL_USAGE for what has to be installed or configured, FAIL_GATE when the server does not start. The caller closes
 * it.
 */
enum status scratch_open(struct loop *loop, const struct scratch_options *options, struct scratch **ret_scratch,
                         struct error *err) MUST_CHECK;

/*
 * The same in two parts, for those who have other work while initdb runs. scratch_begin starts it; scratch_made tells
 * whether it has ended; scratch_start waits for it and starts the server. What the options point to is needed as
 * long as the cluster. The caller closes it, also when scratch_start fails.
 */
enum status scratch_begin(struct loop *loop, const struct scratch_options *options, struct scratch **ret_scratch,
                          struct error *err) MUST_CHECK;
bool scratch_made(const struct scratch *scratch);
enum status scratch_start(struct scratch *scratch, struct error *err) MUST_CHECK;

/*
 * After the loading: starts the server once more, with live's wal_level, so that what is measured from now on is what
 * live would write. Sessions on it end. Does nothing when there is nothing to change. FAIL_GATE when it does not stop
 * or start.
 */
enum status scratch_settle(struct scratch *scratch, struct error *err) MUST_CHECK;
bool scratch_loads(const struct scratch *scratch);

/* Stops the server at once and removes all its files. NULL does nothing. */
void scratch_close(struct scratch *scratch);

/* Connection string of its superuser, by trust, to SCRATCH_DATABASE; as long as the scratch cluster. */
const char *scratch_conninfo(const struct scratch *scratch);

/* The folder of its socket; the port is 5432. */
const char *scratch_socket(const struct scratch *scratch);

/* Its own folder: tablespaces and whatever must go with it may be put below. Owned by the server's account. */
const char *scratch_place(const struct scratch *scratch);

/* Gives a path below that folder to the server's account. */
enum status scratch_give(const struct scratch *scratch, const char *path, struct error *err) MUST_CHECK;

/* True when it has no way out: a network of its own, and the sockets of servers on this machine are out of reach. */
bool scratch_isolated(const struct scratch *scratch);

/* True when it can write to nothing of this machine but its own folder. */
bool scratch_read_only(const struct scratch *scratch);

/* False when its server has ended; *err gets the last lines of its log then. */
bool scratch_alive(const struct scratch *scratch, struct error *err);

/* Libraries that live preloads and this cluster does not, with the reason: sentences. */
const struct text_list *scratch_left_out(const struct scratch *scratch);

#endif
