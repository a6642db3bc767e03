/* The server of a trial and the databases on it. Inside the engine's trial only. */
#ifndef ENGINE_TRIAL_SERVER_H
#define ENGINE_TRIAL_SERVER_H

#include "base/error.h"
#include "engine/execute/execute.h"
#include "engine/run.h"
#include "pg/scratch.h"

struct trial_server {
	struct run *run;
	struct scratch *scratch;   /* NULL on a staging server */
	const char *conninfo;
	struct session *admin;
	const char *main, *work, *fresh; /* names of databases: as far as we came, being tried on, a fresh install */
	const char *place;
};

/* Starts or connects; the databases are not there yet. The caller closes it, also after an error. */
enum status trial_server_open(struct run *run, struct trial_server *ret_server, struct error *err) MUST_CHECK;

/* Drops the databases and removes the scratch cluster. */
void trial_server_close(struct trial_server *server);

/* A database from a template (NULL = empty), replacing one of that name; no session may be open on the template. */
enum status trial_server_make(struct trial_server *server, const char *database, const char *template,
                              struct error *err) MUST_CHECK;
enum status trial_server_drop(struct trial_server *server, const char *database, struct error *err) MUST_CHECK;

/* `work` takes the place of `main`. */
enum status trial_server_keep(struct trial_server *server, struct error *err) MUST_CHECK;

/* Options of a session of ours in one of them. */
struct session_options trial_server_options(const struct trial_server *server, const char *database);

#endif
