/* Making the copy: for the backup gate, which proves it before it is used. Later gates only need engine/copy/copy.h. */
#ifndef ENGINE_COPY_RESTORE_H
#define ENGINE_COPY_RESTORE_H

#include "engine/copy/copy.h"
#include "engine/copy/dump.h"
#include "pg/catalog.h"

/*
 * The server for the run's copy: a scratch cluster of live's major, whose making goes on while the caller does other
 * things; where live has extensions it is started at once, so that a missing one is named before anything else runs.
 * FAIL_USAGE for what has to be installed, FAIL_GATE naming extensions. The caller closes it.
 */
enum status copy_begin(struct run *run, struct copy **ret_copy, struct error *err) MUST_CHECK;

/* Whether it is made, so that copy_start does not have to wait for that. */
bool copy_can_start(const struct copy *copy);

/*
 * Starts it, with live's roles and tablespaces; once is enough. FAIL_GATE naming extensions that are missing. All below
 * but the facts and the place needs it started.
 */
enum status copy_start(struct copy *copy, struct error *err) MUST_CHECK;

/* Restores a dump as the copy. */
enum status copy_restore(struct copy *copy, const struct dump *dump, const struct watch *watch,
                         struct error *err) MUST_CHECK;

/*
 * After an error of the copy's: adds what its server says that gave out, or that its disk is full, which then is a gate
 * that failed and not a target that is out of reach.
 */
enum status copy_explain(struct copy *copy, struct error *err);

/* Takes a database that was restored there as the copy: it gets the copy's name. */
enum status copy_adopt(struct copy *copy, const char *database, struct error *err) MUST_CHECK;

/* After the proof: takes out what could act on the world, and gathers statistics for the planner. */
enum status copy_harden(struct copy *copy, struct error *err) MUST_CHECK;

/* Bytes that the restored database has by now. */
enum status copy_size(struct copy *copy, int64_t *ret_bytes, struct error *err) MUST_CHECK;

/* What live is like, as read when the copy's server was made; the programs; a session as its superuser. */
const struct database_facts *copy_facts(const struct copy *copy);
const struct binaries *copy_binaries(const struct copy *copy);
struct session *copy_admin(struct copy *copy);

/* Where its files are; NULL on a staging server. */
const char *copy_place(const struct copy *copy);

/* A folder that only we can read, for connection files; may have to be made. */
const char *copy_secrets(const struct copy *copy);

#endif
