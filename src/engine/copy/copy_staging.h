/*
 * The copy on a given server instead of a scratch cluster: databases of our own name, roles that must be there, nothing
 * left behind. Inside the engine's copy only.
 */
#ifndef ENGINE_COPY_STAGING_H
#define ENGINE_COPY_STAGING_H

#include "engine/copy/copy_server.h"

/*
 * Connects, and drops what killed runs left. FAIL_USAGE when it is of another major version or the target's own server;
 * FAIL_REFUSED naming the statement when the plan reaches beyond its database.
 */
enum status staging_open(struct copy *copy, struct error *err) MUST_CHECK;

/* FAIL_USAGE naming roles and tablespaces that have to be made there first, with the statements. */
enum status staging_check(struct copy *copy, struct error *err) MUST_CHECK;

/* Settings of live's database for a database of another name. */
enum status staging_set(struct copy *copy, const char *database, struct error *err) MUST_CHECK;

#endif
