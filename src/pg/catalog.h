/*
 * What a database's catalog says: its schema as objects, its roles, who the target is, and the facts that a copy must
 * have in common with it. Knows no gates and no migrations.
 */
#ifndef PG_CATALOG_H
#define PG_CATALOG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/list.h"
#include "core/migration/plan.h"
#include "core/schema/object.h"
#include "pg/session.h"

struct catalog_options {
	const char *history_schema;      /* the history table is left out with all it owns; NULL = there is none */
	const char *history_table;
	const struct text_list *ignore;  /* patterns of objects that come and go; NULL = none */
};

/*
 * The schema, sorted: one query, so one state. Kinds are words: table, column, index, function, ... Schema pgsluice,
 * the history table and extension members are left out; so are objects whose name, or whose relation's name, matches
 * a pattern (as the shell matches file names, on "schema.name" or "kind schema.name"). Options of user mappings are
 * never read. Works on 13 to 18. FAIL_NOT_READY when an object was dropped while it was read, or is locked for long.
 */
enum status catalog_schema(struct session *session, struct arena *arena, const struct catalog_options *options,
                           struct schema *ret_schema, struct error *err) MUST_CHECK;

/* Roles, memberships and role settings of the whole server, in the same form; never passwords. */
enum status catalog_roles(struct session *session, struct arena *arena, struct schema *ret_roles,
                          struct error *err) MUST_CHECK;

/* Who the target is, with its extensions. `environment` is kept as given. */
enum status catalog_target(struct session *session, struct arena *arena, const char *environment,
                           struct target *ret_target, struct error *err) MUST_CHECK;

struct name_value {
	const char *name, *value;
};

struct tablespace {
	const char *name, *owner, *location;
};

/* An operating system locale that a collation needs. */
struct locale_use {
	const char *collation; /* name of the collation; NULL for the database's own */
	const char *collate, *ctype;
	bool built_in;         /* it is the server's own: no dump carries it */
};

struct database_facts {
	const char *superuser;       /* role with oid 10: who made the cluster */
	const char *owner;
	const char *encoding;
	char provider;               /* 'c' libc, 'i' ICU, 'b' built in */
	const char *collate, *ctype;
	const char *locale, *rules;  /* of ICU and built-in providers, or NULL */
	int64_t size_bytes;
	bool in_recovery;
	bool checksums;
	bool is_superuser;           /* this session */
	bool bypasses_rls;           /* this session */
	const char *wal_level;
	const char *preload;         /* shared_preload_libraries; NULL = this role may not see it */
	int max_locks, max_connections, max_prepared;
	int free_connections;
	int64_t relations;           /* tables, materialised views, partitioned tables */
	const char *tablespace;      /* the database's default one */
	bool fsync;
	int server_version;
	LIST(struct tablespace) tablespaces;
	LIST(struct locale_use) locales;
	LIST(struct extension) extensions; /* the installed ones */
};

/* Facts about the session's database and server. */
enum status catalog_facts(struct session *session, struct arena *arena, struct database_facts *ret_facts,
                          struct error *err) MUST_CHECK;

/*
 * Settings of the server's configuration that change what statements do or how they are planned. The session must be
 * `plain`: pinned settings would hide the server's.
 */
struct setting_list {
	struct name_value *items;
	size_t count;
	size_t room;
};
enum status catalog_settings(struct session *session, struct arena *arena, struct setting_list *ret_settings,
                             struct error *err) MUST_CHECK;

/* What a dump does not carry, or carries otherwise, where the database has it. */
struct finding {
	const char *kind; /* "invalid index", "disabled foreign key", "comment on row type", "subscription", ... */
	const char *name;
};
struct finding_list {
	struct finding *items;
	size_t count;
	size_t room;
};
enum status catalog_findings(struct session *session, struct arena *arena, struct finding_list *ret_findings,
                             struct error *err) MUST_CHECK;

/* Whether a name matches one of the patterns of `digest-ignore`. `relation` may be NULL. */
bool catalog_ignored(const struct text_list *patterns, const char *kind, const char *name, const char *relation);

#endif
