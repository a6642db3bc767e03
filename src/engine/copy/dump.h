/*
 * A dump of a database at a snapshot: pg_dump's directory with a manifest of its files, restored with pg_restore only.
 * Knows nothing of what the restored database is for.
 *
 *	FOLDER/data/       what pg_dump wrote
 *	FOLDER/SHA256SUMS  its files, as sha256sum writes and checks them
 */
#ifndef ENGINE_DUMP_H
#define ENGINE_DUMP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"
#include "base/list.h"
#include "pg/binaries.h"
#include "pg/session.h"
#include "sys/child.h"

struct dump {
	const char *folder;
	const char *manifest; /* SHA-256 of SHA256SUMS, hex */
	const char *tool;     /* version of pg_dump */
	const char *database;
	size_t files;
	int64_t size_bytes;
};

struct dump_options {
	struct loop *loop;
	const struct binaries *binaries;
	struct session *source;  /* pg_dump connects as this session does */
	const char *snapshot;    /* exported by a session that stays open until the end; NULL = pg_dump's own */
	const char *role;        /* SET ROLE after login, or NULL */
	const char *folder;      /* made by dump_start; 0700 */
	int jobs;
	int64_t lock_wait_ms;    /* how long it may queue for a table before it gives up */
	bool schema_only;
};

/* Called about once a second while a program works; anything but OK ends the program with that error. */
struct watch {
	enum status (*tick)(void *context, struct error *err);
	void *context;
};

/* Waits for a program under a watch (NULL = none) and releases it. The exit code is the caller's to judge. */
enum status watch_child(struct loop *loop, struct child *child, const struct watch *watch,
                        struct child_result *ret_result, struct error *err) MUST_CHECK;

struct dumping;

/* Starts pg_dump. The caller finishes or drops it; the options' texts must live until then. */
enum status dump_start(struct arena *arena, const struct dump_options *options, struct dumping **ret_dumping,
                       struct error *err) MUST_CHECK;

/*
 * Waits for it and writes the manifest. Lines that pg_dump wrote to its error output go to *ret_warnings. FAIL_GATE
 * with those lines when it failed. Releases `dumping` in any case.
 */
enum status dump_finish(struct dumping *dumping, const struct watch *watch, struct dump *ret_dump,
                        struct text_list *ret_warnings, struct error *err) MUST_CHECK;

/* Whether pg_dump has ended, well or not. */
bool dump_ended(const struct dumping *dumping);

/* Ends pg_dump and removes what it wrote. NULL does nothing. */
void dump_drop(struct dumping *dumping);

/* FAIL_GATE naming the file that is missing, changed, cut short, or too many. */
enum status dump_check(struct loop *loop, const struct dump *dump, struct error *err) MUST_CHECK;

struct restore_options {
	struct loop *loop;
	const struct binaries *binaries;
	struct session *server;  /* pg_restore connects as this session does */
	const char *database;    /* restore into this one; NULL = create the dumped one, with all that belongs to it */
	const char *list_file;   /* only these entries (pg_restore -L), or NULL */
	const char *secrets;     /* a folder that only we can read, for the connection files */
	int jobs;
};

/* FAIL_GATE with what pg_restore said when it failed or wrote a single line to its error output. */
enum status dump_restore(const struct dump *dump, const struct restore_options *options, const struct watch *watch,
                         struct error *err) MUST_CHECK;

/* The table of contents as `pg_restore -l` prints it; in the arena. */
enum status dump_contents(struct arena *arena, const struct dump *dump, const struct restore_options *options,
                          const char **ret_text, struct error *err) MUST_CHECK;

/* For evidence, and back (FAIL_GATE when it is of another form). The caller owns the JSON. */
struct json *dump_json(const struct dump *dump);
enum status dump_read(struct arena *arena, const struct json *value, struct dump *ret_dump,
                      struct error *err) MUST_CHECK;

/* How to restore it without us: one command line per sentence. */
const char *dump_by_hand(struct arena *arena, const struct dump *dump);

#endif
