/*
 * The server that a copy lives on, made ready for it: roles, tablespaces, collations, extensions that must be there.
 * Inside the engine's copy only.
 */
#ifndef ENGINE_COPY_SERVER_H
#define ENGINE_COPY_SERVER_H

#include "engine/copy/copy.h"
#include "engine/copy/dump.h"
#include "pg/catalog.h"
#include "pg/scratch.h"

struct copy {
	struct run *run;
	struct arena *arena;
	struct scratch *scratch;     /* NULL on a staging server */
	struct binaries binaries;
	struct database_facts facts; /* of live */
	struct session *admin;       /* superuser, on a database that is neither copy nor clone */
	const char *conninfo;        /* of the server, as its superuser */
	const char *live_name;       /* what a clone is called */
	const char *kept_name;       /* what the copy is called */
	const char *canonical_name;  /* a database for schemas that go through a restore */
	const char *user;            /* the operator's own login role */
	const char *secrets;         /* folder for connection files of child programs */
	struct setting_list settings; /* live's, for a scratch cluster */
	bool started;
	bool restored;
	bool closing;
	bool shared_kept;            /* see server_reset_shared */
	struct relation_list content; /* as read after the restore, or empty */
	struct clone *clone;         /* the one that lives, or NULL */
	bool lent;                   /* that clone is the copy itself */
	bool spent;                  /* it was, and is gone: the copy has to be restored again */
	struct text_list notes;      /* sentences for the evidence */
};

/* Reads what live is like, and begins a scratch cluster or connects to the staging server. */
enum status server_begin(struct copy *copy, struct error *err) MUST_CHECK;

/* Starts the scratch cluster, when it is made; there is an admin session from then on. */
enum status server_start(struct copy *copy, struct error *err) MUST_CHECK;

/* After the first restore: a scratch cluster goes on with live's wal_level. Its sessions end; admin is a new one. */
enum status server_settle(struct copy *copy, struct error *err) MUST_CHECK;

/* FAIL_GATE naming every extension, with its version, that live has and this server cannot make. */
enum status server_check_extensions(struct copy *copy, struct error *err) MUST_CHECK;

/* Roles, tablespaces and collations as on live; on a staging server they must be there (staging_check). */
enum status server_populate(struct copy *copy, struct error *err) MUST_CHECK;

/*
 * On a scratch cluster: the first call keeps what a plan can change beyond its own database (roles, databases), later
 * ones bring that back, so that every clone starts from the same. A staging server takes no such plan.
 */
enum status server_reset_shared(struct copy *copy, struct error *err) MUST_CHECK;

/* An empty database with live's encoding and locale. */
enum status server_create_database(struct copy *copy, const char *name, struct error *err) MUST_CHECK;

/* Drops a database with all its sessions, also after a stop; failing is left to those who need the name next. */
void server_drop_database(struct copy *copy, const char *name);

/*
 * Extensions of live in another version than this server would install: they have to be made before the restore.
 * Their names go to *ret_names.
 */
enum status server_other_versions(struct copy *copy, struct text_list *ret_names, struct error *err) MUST_CHECK;

#endif
