/*
 * A run: everything the gates of one pass over a target share. One engine has one run. Gates read it, add their
 * evidence, and keep what later gates need in `evidence[gate].data`, so that a later run can go on from the files.
 */
#ifndef ENGINE_RUN_H
#define ENGINE_RUN_H

#include "base/arena.h"
#include "base/error.h"
#include "core/canary/canary.h"
#include "core/flow/gate.h"
#include "core/migration/plan.h"
#include "core/schema/object.h"
#include "engine/resume/resume.h"
#include "engine/settings.h"
#include "engine/tell/emit.h"
#include "pg/session.h"
#include "sys/clock.h"
#include "sys/loop.h"

struct copy;           /* engine/copy/copy.h: the restored copy and its clones */
struct evidence_store; /* engine/evidence_store.h */
struct guard;          /* engine/watch/guard.h */
struct leader;         /* engine/execute/leader.h */
struct samples;        /* engine/watch/samples.h */
struct record;         /* engine/tell/record.h */
struct steering;       /* engine/tell/steering.h */

/* Which scripts of the plan's migrations a run carries out. */
enum direction { DIRECTION_UP, DIRECTION_DOWN };

struct run {
	struct arena *arena;              /* lives as long as the run */
	struct loop *loop;
	struct emitter *emitter;
	const struct settings *settings;
	struct uuid id;
	bool only_looks;                  /* it will never write: set by the caller before it reads, as the next two are */
	int64_t look_limit_ms;            /* the server ends a statement after it, a stop hangs up; 0 = neither */
	const char *look_address;         /* as session_options has it, or NULL */
	const char *command;              /* "batch", "rollback", ...: for the ledger and the run event */
	enum direction direction;

	/* what was read before the gates */
	struct migration_set set;
	struct canary_list canaries;      /* of the folder */
	struct graph graph;
	struct session *live;             /* the reading session on the target: read-only */
	struct target target;
	struct history history;
	struct schema live_schema;
	struct digest live_digest;
	struct plan plan;
	struct resume resume;             /* what the ledger says of a run that stopped */

	/* the checklist */
	struct checklist checklist;
	struct evidence evidence[GATE_COUNT];
	struct evidence_store *store;

	struct json *signals;             /* to other sessions, an event each; NULL = none was sent */
	size_t signals_written;           /* of them, to the ledger */

	/* handles that gates share; closed by run_close */
	struct copy *copy;                /* NULL until the backup or rehearsal gate needed it */
	struct leader *leader;            /* NULL until the apply gate */
	struct guard *guard;              /* gate apply's, while it is at work; NULL = none */
	struct samples *samples;          /* of live, as long as the leadership; NULL = none */
	struct record *record;            /* the caller's: closed after the run; NULL = none is kept */
	struct steering *steering;        /* the caller's; NULL = it goes on by itself */
};

/*
 * A run that has read nothing yet. The caller adds sinks to its emitter, then reads, and closes it (which drops
 * copies and scratch clusters). Settings and loop outlive it.
 */
struct run *run_open(struct loop *loop, const struct settings *settings, const char *command);

/* Lets go of sessions, leadership, copies and locks; what was read stays, and events can still be emitted. */
void run_release(struct run *run);
void run_close(struct run *run);

/* Reads the migration folder: what the files alone show. FAIL_REFUSED, FAIL_USAGE. */
enum status run_read_files(struct run *run, struct error *err) MUST_CHECK;

/*
 * Connects, reads target, history and ledger, and the statements of what is not applied. FAIL_UNREACHABLE, FAIL_USAGE,
 * FAIL_REFUSED.
 */
enum status run_read_target(struct run *run, struct error *err) MUST_CHECK;

/* Reads the statements of one migration, for those who need them of an applied one. */
enum status run_parse(struct run *run, const char *version, struct error *err) MUST_CHECK;

/* Reads the live schema and builds the plan with its id. Refusals leave the plan filled in, for those who show it. */
enum status run_build_plan(struct run *run, struct error *err) MUST_CHECK;

/* Reads the live schema anew into *ret_schema (gate 8, and before a resumed apply). */
enum status run_read_schema(struct run *run, struct schema *ret_schema, struct error *err) MUST_CHECK;

/* The schema of a session's database, without what this run leaves out: history table, ignored objects. */
enum status run_schema_of(const struct run *run, struct session *session, struct arena *arena,
                          struct schema *ret_schema, struct error *err) MUST_CHECK;

/* Options of a session on the target for this run: application_name carries run and role word. Read-only. */
struct session_options run_session_options(const struct run *run, const char *role_word);

/* The binding of a gate's evidence in this run: over what its row in core/flow names. */
struct digest run_binding(const struct run *run, enum gate gate);

/*
 * For gates: adds a check to the evidence, emits it, and returns it. measured and limit are sentences or figures for
 * people; hint says how to fix it (needed when not ok). A waiver of that name is applied. A check that the
 * configuration switches off is never made: ask run_checks first.
 */
struct check *run_check(struct run *run, struct evidence *evidence, const char *name, bool ok, const char *hint,
                        const char *measured, const char *limit);
struct check *run_warn(struct run *run, struct evidence *evidence, const char *name, const char *hint,
                       const char *measured, const char *limit);

/* A check whose failure ends the run with a status of its own. */
struct check *run_check_as(struct run *run, struct evidence *evidence, const char *name, bool ok, enum status failure,
                           const char *hint, const char *measured, const char *limit);

/* False when the site switched the check off; then it is listed as "not checked: REASON" here. */
bool run_checks(struct run *run, struct evidence *evidence, const char *name);

/* The first `length` digits of the plan id as people type it. */
enum { PLAN_ID_SHORT = 12 };

#endif
