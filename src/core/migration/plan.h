/*
 * The plan: what is pending, in order, held or refused, and the id that seals it. Pure: all facts come from outside.
 */
#ifndef CORE_MIGRATION_PLAN_H
#define CORE_MIGRATION_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/json.h"
#include "base/list.h"
#include "core/migration/graph.h"
#include "core/migration/migration.h"

/* A row of the history table. */
struct applied {
	const char *version;
	const char *name;
	const char *applied_at; /* ISO 8601 */
	const char *checksum;   /* canonical checksum, or NULL when the row carries none */
	const char *applied_by, *run_id; /* or NULL */
	int64_t duration_ms;    /* -1 = unknown */
};

struct history {
	LIST(struct applied) rows; /* by version as numbers */
	bool exists;
	bool complete;          /* has all columns of ours; else it is extended by the apply */
	const char *schema;     /* where it is or will be created */
	const char *table;
};

/* An extension of the target. */
struct extension {
	const char *name;
	const char *installed; /* version, or NULL */
	const char *available; /* default version, or NULL */
};

/* Who the target is: never its host name. */
struct target {
	const char *system_identifier;
	const char *timeline;
	const char *database_oid;
	const char *database;     /* name */
	const char *environment;  /* configured word, or "" */
	int server_version;       /* server_version_num */
	const char *server_version_text;
	LIST(struct extension) extensions;
};

/* A check that was waived, or a rule switched off with a reason. */
struct waiver {
	const char *check;  /* "inspect.drift", "backup" */
	const char *reason;
};

enum migration_state {
	STATE_APPLIED,
	STATE_PENDING,
	STATE_HELD,         /* target lacks what it requires, or it needs one that is held */
	STATE_PARTIAL,      /* the ledger knows a run that stopped inside it */
	STATE_EDITED,       /* applied, and its file was changed since */
	STATE_MISSING,      /* applied, and its file is gone */
	STATE_OUT_OF_ORDER, /* not applied, below the highest applied one */
};
const char *migration_state_name(enum migration_state state);

struct plan_item {
	const struct migration *migration; /* NULL for STATE_MISSING */
	const struct applied *applied;     /* NULL when not applied */
	enum migration_state state;
	const char *reason;                /* why held, edited, missing, ...; NULL otherwise */
};

struct plan_options {
	const char *until;                    /* version or NULL */
	const struct text_list *out_of_order; /* versions the operator named */
	const struct text_list *held_before;
		 /* versions that the ledger says were held when later ones were applied */
	const struct text_list *partial;      /* versions that the ledger says are half-way */
	const struct waiver *waivers;
	size_t waiver_count;
	const struct text_list *accepted_drift; /* object identities */
	const char *schema_digest;            /* of live; 64 hex digits */
};

struct plan {
	const struct migration_set *set;
	const struct graph *graph;
	const struct target *target;
	LIST(struct plan_item) items;      /* every known version, by version */
	LIST(const struct migration *) pending; /* what this plan will apply, in order */
	size_t applied_count, held_count;
	struct digest id;
};

/*
 * Judges history against files and seals the plan. FAIL_REFUSED, naming the version and file, for: an edited applied
 * file, an applied version whose file is gone, an out-of-order version, a contract that shares a plan with its
 * expand, a declared conflict, --until of an unknown version. The plan is filled in on refusal too (for status).
 */
enum status plan_build(struct arena *arena, const struct migration_set *set, const struct graph *graph,
                       const struct history *history, const struct target *target,
                       const struct plan_options *options, struct plan *ret_plan, struct error *err) MUST_CHECK;

/* The plan id: over target, applied set, pending files and steps, held ones, live digest, waivers, accepted drift. */
struct digest plan_seal(const struct plan *plan, const struct history *history, const struct plan_options *options);

/* The document of `plan --format json`; the caller owns it. */
struct json *plan_json(const struct plan *plan);

/* Whether `text` (12 or more leading digits) names this plan. */
bool plan_id_matches(const struct plan *plan, const char *text);

#endif
