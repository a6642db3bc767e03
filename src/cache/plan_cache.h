/*
 * Query plans remembered, in one SQLite file of this user for all targets: which plan a query had, when, and what it
 * was made under. Knows no server and draws nothing.
 *
 * A cache: whatever happens to it, no gate fails. Every function that cannot do its work says why in the error; callers
 * tell that once, as a notice, and go on without.
 *
 * What is kept of a query is its fingerprint and its text without constants, and of a plan what EXPLAIN printed without
 * the constants in its expressions. The folder is 0700, the file 0600.
 *
 * How much is kept: the plans of one query in one database, taken in one place and phase, are a series. Of a
 * series the newest 50 are kept, and of the older ones the last before and the first after each change of shape, 500
 * in all; then, while the file is over 256 MiB, the oldest of all go. Plans over 4 MiB are kept without their document.
 */
#ifndef CACHE_PLAN_CACHE_H
#define CACHE_PLAN_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"
#include "base/list.h"
#include "core/explain/compare/surroundings.h"
#include "core/sql/query_print.h"

struct plan_cache;

/* One plan. Texts are the caller's when it is added, the arena's when it is read; NULL where not said to be needed. */
struct cached_plan {
	int64_t id;                /* read: of this cache, growing in the order in which plans were added */
	struct query_print query;  /* read: the fingerprint */
	const char *sql;           /* needed; to add: as it was run; read: without constants */
	const char *system_identifier, *database; /* needed: of the target, also for what was run on a copy of it */
	const char *on;            /* needed: "copy", "live" or "pasted" */
	const char *phase;         /* needed: "before", "after", "live", "asked" or "what-if" */
	const char *shape;         /* needed: hex */
	const struct json *plan;   /* to add: as EXPLAIN printed it; read with plan_cache_document */
	double wall_ms, pages, temp_pages, cost, p95_ms; /* 0 = not known */
	struct plan_surroundings around; /* its `rows` is found in the plan when it is 0 */
	int64_t taken_ms;          /* needed: since 1970 */
	const char *run_id, *canary;
};

struct cached_plan_list {
	struct cached_plan *items;
	size_t count;
	size_t room;
};

/* Another plan than the one before it in its series. */
struct cached_change {
	struct cached_plan before, after; /* the last one of the old shape that is kept, the first one of the new */
	struct text_list reasons;  /* what else changed, as surroundings_compare says it; empty: nothing that is known */
};

struct cached_change_list {
	struct cached_change *items;
	size_t count;
	size_t room;
};

/* Which plans; NULL = all. */
struct plan_filter {
	const char *fingerprint;
	const char *system_identifier, *database, *on, *phase;
};

/* 0 = as above. */
struct plan_cache_limits {
	size_t newest, in_series;
	int64_t size_bytes;
	int busy_ms;               /* how long another process is waited for; 0 = 500 */
};

/* Where it is: plans.sqlite in the cache folder, which is made when missing (see cache_folder). */
enum status plan_cache_path(struct arena *arena, const char **ret_path, struct error *err) MUST_CHECK;

/*
 * Opens or begins the cache; limits may be NULL. A damaged file is set aside as PATH.damaged (one that is there already
 * goes) and a new one begun: see plan_cache_notice. One that a newer pgsluice wrote, or that is no plan cache, is left
 * alone and refused (FAIL_USAGE). Where nothing can be written but a cache is there, it can be read. FAIL_BUSY while
 * another process keeps it locked; FAIL_USAGE, FAIL_INTERNAL for what the system refuses. The caller closes it.
 */
enum status plan_cache_open(const char *path, const struct plan_cache_limits *limits, struct plan_cache **ret_cache,
                            struct error *err) MUST_CHECK;
void plan_cache_close(struct plan_cache *cache); /* NULL does nothing */
void plan_cache_cleanup(struct plan_cache **cache);
#define _cleanup_plan_cache_ __attribute__((cleanup(plan_cache_cleanup)))

/* A sentence that the user is to be told, or NULL: a damaged file was set aside. Told once. */
const char *plan_cache_notice(struct plan_cache *cache, struct arena *arena);

/*
 * Remembers a plan and lets go of what is beyond the limits. FAIL_BUSY when another process keeps the file locked: it
 * is waited for once, and then not again until a call came through. FAIL_USAGE for a text that is not one statement
 * and for a file that cannot be written, FAIL_INTERNAL for a full disk and other refusals.
 */
enum status plan_cache_add(struct plan_cache *cache, const struct cached_plan *plan, struct error *err) MUST_CHECK;

/* The newest `limit` plans, newest first, without their documents. */
enum status plan_cache_history(struct plan_cache *cache, struct arena *arena, const struct plan_filter *filter,
                               size_t limit, struct cached_plan_list *ret_plans, struct error *err) MUST_CHECK;

/* The newest plan of each series, newest first. */
enum status plan_cache_newest(struct plan_cache *cache, struct arena *arena, const struct plan_filter *filter,
                              size_t limit, struct cached_plan_list *ret_plans, struct error *err) MUST_CHECK;

/* When plans changed and what changed with them: the newest `limit`, newest first; what-if plans never count. */
enum status plan_cache_changes(struct plan_cache *cache, struct arena *arena, const struct plan_filter *filter,
                               size_t limit, struct cached_change_list *ret_changes, struct error *err) MUST_CHECK;

/* The document of a plan, owned by the caller; NULL when it is gone or was kept without one. */
enum status plan_cache_document(struct plan_cache *cache, int64_t id, struct json **ret_plan,
                                struct error *err) MUST_CHECK;

#endif
