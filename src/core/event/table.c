#include "core/event/table.h"

#include <assert.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define MEMBERS(table) .members = (table), .member_count = COUNT(table)
#define FIELDS(table) .fields = (table), .field_count = COUNT(table)

const char *const EVENT_GATES[] = {"inspect", "backup", "rehearsal", "plans",
                                   "preflight", "approval", "apply", "verify", NULL};
const char *const EVENT_REQUESTS[] = {"start", "run",      "approve",  "waive", "cancel",
                                      "pause", "continue", "rollback", "explain", "pull-back", "signal",
                                      "quit",  NULL};
const char *const EVENT_SIGNALS[] = {"cancel", "terminate", NULL};
static const char *const GUARD_LIMITS[] = {"guard-wait", "guard-waiting", "guard-latency", "guard-lag",
                                           "guard-connections", "guard-wal", "guard-disk", "pull-back", NULL};
static const char *const STATES[] = {"waiting", "running", "passed", "failed", "stale", "waived", NULL};
static const char *const PHASES[] = {"begin", "progress", "end", NULL};
static const char *const LEVELS[] = {"debug", "info", "notice", "warning", NULL};
static const char *const TRANSACTIONS[] = {"transactional", "none", "mixed", NULL};
static const char *const TYPES[] = {"run", "plan",  "gate",    "evidence", "step",    "sample",
                                    "log", "error", "request", "end",      "engine", "explain", "guard", NULL};
static const char *const EXPLAINED_ON[] = {"copy", "live", "pasted", NULL};
static const char *const EXPLAIN_PHASES[] = {"before", "after", "live", "asked", "what-if", NULL};
static const char *const EXPLAIN_OUTCOMES[] = {"same", "better", "worse", "over-budget", "failed", "new", NULL};
static const char *const ENGINE_STATES[] = {"working", "asking", "waiting", "paused", "idle", NULL};
static const char *const MIGRATION_PHASES[] = {"expand", "backfill", "contract", NULL};
static const char *const MIGRATION_STATES[] = {"applied", "pending", "held",         "partial",
                                               "edited",  "missing", "out-of-order", NULL};
static const char *const CODES[] = {
	"ok",         "internal",       "usage",    "pending",     "refused",     "gate_failed",  "not_approved",
	"not_ready",  "busy",           "lock_budget", "unreachable", "outside_window", "in_doubt", "migration_failed",
	"partial",    "unconfirmed",    "verify_failed", "interrupted", "terminated", NULL,
};

const struct field_row EVENT_HEAD[HEAD_COUNT] = {
	{.name = "v", .kind = FIELD_INT, .required = true},
	{.name = "seq", .kind = FIELD_INT, .required = true},
	{.name = "ts", .kind = FIELD_TEXT, .required = true},
	{.name = "run", .kind = FIELD_TEXT, .required = true},
	{.name = "type", .kind = FIELD_TEXT, .required = true, .words = TYPES},
};

/* Versions, identifiers and oids are texts: they do not all fit a JSON number. */
static const struct field_row TARGET[] = {
	{.name = "system_identifier", .kind = FIELD_TEXT, .required = true},
	{.name = "timeline", .kind = FIELD_TEXT, .required = true},
	{.name = "database_oid", .kind = FIELD_TEXT, .required = true},
	{.name = "database", .kind = FIELD_TEXT, .required = true},
	{.name = "environment", .kind = FIELD_TEXT},
	{.name = "server_version", .kind = FIELD_TEXT},
};

static const struct field_row RUN[] = {
	{.name = "command", .kind = FIELD_TEXT, .required = true},
	{.name = "target", .kind = FIELD_OBJECT, .required = true, MEMBERS(TARGET)},
	{.name = "environment", .kind = FIELD_TEXT},
	{.name = "plan_id", .kind = FIELD_TEXT},
	{.name = "tool_version", .kind = FIELD_TEXT, .required = true},
};

static const struct field_row REQUIRES[] = {
	{.name = "version", .kind = FIELD_TEXT, .required = true},
	{.name = "reason", .kind = FIELD_TEXT, .required = true},
};

static const struct field_row LOCK[] = {
	{.name = "relation", .kind = FIELD_TEXT, .required = true},
	{.name = "mode", .kind = FIELD_TEXT, .required = true},
};

static const struct field_row PLANNED_STATEMENT[] = {
	{.name = "tag", .kind = FIELD_TEXT, .required = true},
	{.name = "line", .kind = FIELD_INT, .required = true},
	{.name = "locks", .kind = FIELD_ARRAY, .required = true, MEMBERS(LOCK)},
	{.name = "count", .kind = FIELD_INT}, /* equal statements in a row; left out where there is one */
};

static const struct field_row PLANNED_STEP[] = {
	{.name = "transactional", .kind = FIELD_BOOL, .required = true},
	{.name = "reason", .kind = FIELD_TEXT},
	{.name = "statements", .kind = FIELD_ARRAY, .required = true, MEMBERS(PLANNED_STATEMENT)},
};

/* A version whose file is gone has no more than its history row. */
static const struct field_row MIGRATION[] = {
	{.name = "version", .kind = FIELD_TEXT, .required = true},
	{.name = "name", .kind = FIELD_TEXT, .required = true},
	{.name = "state", .kind = FIELD_TEXT, .required = true, .words = MIGRATION_STATES},
	{.name = "reason", .kind = FIELD_TEXT},
	{.name = "transaction", .kind = FIELD_TEXT, .words = TRANSACTIONS},
	{.name = "requires", .kind = FIELD_ARRAY, MEMBERS(REQUIRES)},
	{.name = "steps", .kind = FIELD_ARRAY, MEMBERS(PLANNED_STEP)},
	{.name = "description", .kind = FIELD_TEXT},
	{.name = "file", .kind = FIELD_TEXT},
	{.name = "checksum", .kind = FIELD_TEXT},
	{.name = "phase", .kind = FIELD_TEXT, .words = MIGRATION_PHASES},
	{.name = "has_down", .kind = FIELD_BOOL},
	{.name = "has_verify", .kind = FIELD_BOOL},
	{.name = "applied_at", .kind = FIELD_TEXT},
};

static const struct field_row PLAN[] = {
	{.name = "plan_id", .kind = FIELD_TEXT, .required = true},
	{.name = "target", .kind = FIELD_OBJECT, .required = true, MEMBERS(TARGET)},
	{.name = "migrations", .kind = FIELD_ARRAY, .required = true, MEMBERS(MIGRATION)},
};

static const struct field_row GATE[] = {
	{.name = "gate", .kind = FIELD_TEXT, .required = true, .words = EVENT_GATES},
	{.name = "state", .kind = FIELD_TEXT, .required = true, .words = STATES},
	{.name = "reason", .kind = FIELD_TEXT},
	{.name = "hint", .kind = FIELD_TEXT},
	{.name = "valid_until", .kind = FIELD_TEXT},
};

static const struct field_row EVIDENCE[] = {
	{.name = "gate", .kind = FIELD_TEXT, .required = true, .words = EVENT_GATES},
	{.name = "check", .kind = FIELD_TEXT, .required = true},
	{.name = "measured", .kind = FIELD_TEXT, .required = true},
	{.name = "limit", .kind = FIELD_TEXT, .required = true},
	{.name = "ok", .kind = FIELD_BOOL, .required = true},
	{.name = "warning", .kind = FIELD_BOOL},
	{.name = "waived", .kind = FIELD_TEXT},
	{.name = "hint", .kind = FIELD_TEXT},
};

static const struct field_row STEP[] = {
	{.name = "version", .kind = FIELD_TEXT, .required = true},
	{.name = "step", .kind = FIELD_INT, .required = true},
	{.name = "statement", .kind = FIELD_INT},
	{.name = "phase", .kind = FIELD_TEXT, .required = true, .words = PHASES},
	{.name = "file", .kind = FIELD_TEXT},
	{.name = "line", .kind = FIELD_INT},
	{.name = "duration_ms", .kind = FIELD_INT},
	{.name = "locks", .kind = FIELD_ARRAY, MEMBERS(LOCK)},
	{.name = "error", .kind = FIELD_TEXT},
	{.name = "gate", .kind = FIELD_TEXT, .words = EVENT_GATES},
	{.name = "sql", .kind = FIELD_TEXT},
	{.name = "rows", .kind = FIELD_INT},
};

static const struct field_row SAMPLE[] = {
	{.name = "sampler", .kind = FIELD_TEXT, .required = true},
	{.name = "values", .kind = FIELD_OBJECT, .required = true},
};

static const struct field_row LOG[] = {
	{.name = "level", .kind = FIELD_TEXT, .required = true, .words = LEVELS},
	{.name = "message", .kind = FIELD_TEXT, .required = true},
};

static const struct field_row ERROR[] = {
	{.name = "code", .kind = FIELD_TEXT, .required = true, .words = CODES},
	{.name = "sqlstate", .kind = FIELD_TEXT},
	{.name = "message", .kind = FIELD_TEXT, .required = true},
	{.name = "detail", .kind = FIELD_TEXT},
	{.name = "hint", .kind = FIELD_TEXT},
	{.name = "file", .kind = FIELD_TEXT},
	{.name = "line", .kind = FIELD_INT},
	{.name = "column", .kind = FIELD_INT},
};

static const struct field_row END[] = {
	{.name = "exit", .kind = FIELD_INT, .required = true},
	{.name = "reason", .kind = FIELD_TEXT, .required = true},
	{.name = "report", .kind = FIELD_TEXT},
	{.name = "attach", .kind = FIELD_TEXT},
};

/* What somebody asked for, and what became of it. */
static const struct field_row REQUEST[] = {
	{.name = "request", .kind = FIELD_TEXT, .required = true, .words = EVENT_REQUESTS},
	{.name = "accepted", .kind = FIELD_BOOL, .required = true},
	{.name = "refused", .kind = FIELD_TEXT},
	{.name = "unknown", .kind = FIELD_TEXT},
	{.name = "user", .kind = FIELD_TEXT, .required = true},
	{.name = "uid", .kind = FIELD_INT, .required = true},
	{.name = "pid", .kind = FIELD_INT, .required = true},
	{.name = "gate", .kind = FIELD_TEXT, .words = EVENT_GATES},
	{.name = "plan_id", .kind = FIELD_TEXT},
	{.name = "check", .kind = FIELD_TEXT},
	{.name = "to", .kind = FIELD_TEXT},
	{.name = "action", .kind = FIELD_TEXT, .words = EVENT_SIGNALS},
	{.name = "backend_pid", .kind = FIELD_INT},
	{.name = "backend_start", .kind = FIELD_TEXT},
	{.name = "name", .kind = FIELD_TEXT},
	{.name = "session", .kind = FIELD_TEXT},
	{.name = "reason", .kind = FIELD_TEXT},
};

static const struct field_row ENGINE[] = {
	{.name = "pid", .kind = FIELD_INT, .required = true},
	{.name = "command", .kind = FIELD_TEXT, .required = true},
	{.name = "state", .kind = FIELD_TEXT, .required = true, .words = ENGINE_STATES},
	{.name = "gate", .kind = FIELD_TEXT, .words = EVENT_GATES},
	{.name = "goal", .kind = FIELD_TEXT, .words = EVENT_GATES},
	{.name = "attended", .kind = FIELD_BOOL, .required = true},
	{.name = "target", .kind = FIELD_OBJECT, MEMBERS(TARGET)},
	{.name = "environment", .kind = FIELD_TEXT},
	{.name = "viewers", .kind = FIELD_INT, .required = true},
	{.name = "tool_version", .kind = FIELD_TEXT, .required = true},
};

/* A query's plan as EXPLAIN told it, and what was made of it. */
static const struct field_row EXPLAIN[] = {
	{.name = "name", .kind = FIELD_TEXT}, /* of the canary; left out where somebody asked */
	{.name = "fingerprint", .kind = FIELD_TEXT},
	{.name = "sql", .kind = FIELD_TEXT},
	{.name = "on", .kind = FIELD_TEXT, .required = true, .words = EXPLAINED_ON},
	{.name = "phase", .kind = FIELD_TEXT, .required = true, .words = EXPLAIN_PHASES},
	{.name = "plan", .kind = FIELD_OBJECT},
	{.name = "shape", .kind = FIELD_TEXT},
	{.name = "verdict", .kind = FIELD_TEXT},
	{.name = "outcome", .kind = FIELD_TEXT, .words = EXPLAIN_OUTCOMES},
	{.name = "reason", .kind = FIELD_TEXT},
	{.name = "p95_us", .kind = FIELD_INT}, /* in microseconds: most are under a millisecond */
	{.name = "budget_ms", .kind = FIELD_INT},
	{.name = "changes", .kind = FIELD_ARRAY}, /* texts */
	{.name = "error", .kind = FIELD_TEXT},
};

/* A step that was pulled back: which limit was passed, or that somebody asked for it. */
static const struct field_row GUARD[] = {
	{.name = "version", .kind = FIELD_TEXT, .required = true},
	{.name = "step", .kind = FIELD_INT, .required = true},
	{.name = "limit", .kind = FIELD_TEXT, .required = true, .words = GUARD_LIMITS},
	{.name = "message", .kind = FIELD_TEXT, .required = true},
	{.name = "waiting", .kind = FIELD_INT, .required = true}, /* sessions behind the step */
};

static const struct event_row ROWS[EVENT_TYPE_COUNT] = {
	[EVENT_RUN] = {.name = "run", FIELDS(RUN)},
	[EVENT_PLAN] = {.name = "plan", FIELDS(PLAN)},
	[EVENT_GATE] = {.name = "gate", FIELDS(GATE)},
	[EVENT_EVIDENCE] = {.name = "evidence", FIELDS(EVIDENCE)},
	[EVENT_STEP] = {.name = "step", FIELDS(STEP)},
	[EVENT_SAMPLE] = {.name = "sample", FIELDS(SAMPLE)},
	[EVENT_LOG] = {.name = "log", FIELDS(LOG)},
	[EVENT_ERROR] = {.name = "error", FIELDS(ERROR), .beside = true},
	[EVENT_REQUEST] = {.name = "request", FIELDS(REQUEST), .beside = true},
	[EVENT_END] = {.name = "end", FIELDS(END)},
	[EVENT_ENGINE] = {.name = "engine", FIELDS(ENGINE), .beside = true},
	[EVENT_EXPLAIN] = {.name = "explain", FIELDS(EXPLAIN), .beside = true},
	[EVENT_GUARD] = {.name = "guard", FIELDS(GUARD)},
};

const struct event_row *event_get(enum event_type type)
{
	assert((unsigned)type < EVENT_TYPE_COUNT);
	return &ROWS[type];
}

bool event_find(const char *name, enum event_type *ret_type)
{
	for (enum event_type type = 0; type < EVENT_TYPE_COUNT; type++) {
		if (strcmp(ROWS[type].name, name) == 0) {
			*ret_type = type;
			return true;
		}
	}
	return false;
}
