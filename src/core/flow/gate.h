/*
 * The checklist as data: gates, their states, what their evidence depends on, what is allowed and why not.
 * Pure: no clock, no I/O; the engine carries out, console, batch and tests ask the same functions.
 */
#ifndef CORE_FLOW_GATE_H
#define CORE_FLOW_GATE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/json.h"
#include "base/list.h"
#include "base/status.h"

enum gate {
	GATE_INSPECT,
	GATE_BACKUP,
	GATE_REHEARSAL,
	GATE_PLANS,
	GATE_PREFLIGHT,
	GATE_APPROVAL,
	GATE_APPLY,
	GATE_VERIFY,
	GATE_COUNT,
};

enum gate_state { GATE_WAITING, GATE_RUNNING, GATE_PASSED, GATE_FAILED, GATE_STALE, GATE_WAIVED };

/* What a gate's evidence is bound to; a change of it makes that gate stale and no other. */
enum gate_binding {
	BINDS_PLAN,
	BINDS_LIVE,     /* target and live schema digest only */
	BINDS_CANARIES, /* the plan, and the canaries */
};

struct gate_row {
	const char *name;           /* "backup" */
	const char *title;          /* "Backup" */
	const char *question;       /* what it answers, one sentence for screens and manual */
	enum gate_binding binding;
	int64_t validity_ms;        /* default; 0 = never reused */
	bool waivable_whole;
	bool writes_to_live;
	enum status failure;        /* status of a run that stops here, unless the gate says better */
};

const struct gate_row *gate_get(enum gate gate);
bool gate_find(const char *name, enum gate *ret_gate);
const char *gate_state_name(enum gate_state state);
bool gate_state_find(const char *name, enum gate_state *ret_state);

/* One thing a gate looked at. */
struct check {
	const char *name;     /* "backup.content": gate, dot, check; what --waive names */
	const char *measured; /* what was found */
	const char *limit;    /* what was allowed */
	const char *hint;     /* how to fix it; needed when not ok */
	const char *waived_because; /* or NULL */
	enum status failure;  /* status of a run that this check stops; OK = its gate's. Not kept in evidence */
	bool ok;
	bool warning;         /* reported, never refuses */
};

struct check_list {
	struct check *items;
	size_t count;
	size_t room;
};

/* Evidence of one gate, as kept in the evidence folder and copied into the ledger. */
struct evidence {
	enum gate gate;
	enum gate_state state;      /* passed, failed or waived */
	const char *reason;         /* of a failure: the first failed check; of a waiver: the first reason; else NULL */
	const char *hint;
	const char *run_id;
	const char *plan_id;
	struct digest binding;      /* over what gate_row.binding names */
	int64_t taken_ms;           /* wall clock */
	int64_t valid_until_ms;     /* wall clock */
	struct check_list checks;
	struct json *data;          /* gate's own facts for later gates, or NULL; owned by the caller of the reader */
	const char *previous;       /* hash of the evidence before, hex; "" for the first */
	const char *hash;           /* of this, hex */
};

/*
 * State that the checks lead to: passed, waived (all failures are waived, and may be) or failed; sets reason ("CHECK:
 * MEASURED (limit: LIMIT)") and hint. A gate without a single check has failed.
 */
void evidence_judge(struct arena *arena, struct evidence *evidence);

/* Whether stored evidence still counts now, for this binding; on false *ret_why says why not (a sentence). */
bool evidence_holds(struct arena *arena, const struct evidence *evidence, const struct digest *binding, int64_t now_ms,
                    const char **ret_why);

/*
 * The JSON form with its hash (over the canonical form without it) filled in, owned by the caller; and back, refusing
 * (FAIL_REFUSED) what was altered. What is read owns its data: close it with json_close. Both share
 * their data with the other form: change neither while both are there.
 */
struct json *evidence_json(struct arena *arena, struct evidence *evidence);
enum status evidence_read(struct arena *arena, const struct json *value, struct evidence *ret_evidence,
                          struct error *err) MUST_CHECK;

/* Of the JSON form that has no hash yet. */
struct digest evidence_hash(const struct json *unhashed);

/* The checklist of a run. */
struct checklist {
	enum gate_state states[GATE_COUNT];
};

/* The one transition function: asserts that the move is possible. */
bool checklist_can_move(const struct checklist *checklist, enum gate gate, enum gate_state state);
void checklist_move(struct checklist *checklist, enum gate gate, enum gate_state state);

/* Whether a gate may run now: all before it passed or are waived. On false *ret_why names the first that is not. */
bool checklist_allows(struct arena *arena, const struct checklist *checklist, enum gate gate, const char **ret_why);

/* Whether a check, or a whole gate, may be waived at all; on false *ret_why says why. */
bool waiver_allowed(const char *check, const char **ret_why);

#endif
