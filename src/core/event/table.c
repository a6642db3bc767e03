#include "core/event/table.h"

#include <assert.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define MEMBERS(table) .members = (table), .member_count = COUNT(table)
#define FIELDS(table) .fields = (table), .field_count = COUNT(table)

static const char *const GATES[] = {"inspect",  "backup", "rehearsal", "preflight",
                                    "approval", "apply",  "verify",    NULL};
static const char *const STATES[] = {"waiting", "running", "passed", "failed", "stale", "waived", NULL};
static const char *const PHASES[] = {"begin", "progress", "end", NULL};
static const char *const LEVELS[] = {"debug", "info", "notice", "warning", NULL};
static const char *const TRANSACTIONS[] = {"transactional", "none", "mixed", NULL};
static const char *const TYPES[] = {"run",    "plan", "gate",  "evidence", "step",
                                    "sample", "log",  "error", "end",      NULL};
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
};

static const struct field_row PLAN[] = {
	{.name = "plan_id", .kind = FIELD_TEXT, .required = true},
	{.name = "target", .kind = FIELD_OBJECT, .required = true, MEMBERS(TARGET)},
	{.name = "migrations", .kind = FIELD_ARRAY, .required = true, MEMBERS(MIGRATION)},
};

static const struct field_row GATE[] = {
	{.name = "gate", .kind = FIELD_TEXT, .required = true, .words = GATES},
	{.name = "state", .kind = FIELD_TEXT, .required = true, .words = STATES},
	{.name = "reason", .kind = FIELD_TEXT},
	{.name = "hint", .kind = FIELD_TEXT},
	{.name = "valid_until", .kind = FIELD_TEXT},
};

static const struct field_row EVIDENCE[] = {
	{.name = "gate", .kind = FIELD_TEXT, .required = true, .words = GATES},
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
};

static const struct event_row ROWS[EVENT_TYPE_COUNT] = {
	[EVENT_RUN] = {.name = "run", FIELDS(RUN)},
	[EVENT_PLAN] = {.name = "plan", FIELDS(PLAN)},
	[EVENT_GATE] = {.name = "gate", FIELDS(GATE)},
	[EVENT_EVIDENCE] = {.name = "evidence", FIELDS(EVIDENCE)},
	[EVENT_STEP] = {.name = "step", FIELDS(STEP)},
	[EVENT_SAMPLE] = {.name = "sample", FIELDS(SAMPLE)},
	[EVENT_LOG] = {.name = "log", FIELDS(LOG)},
	[EVENT_ERROR] = {.name = "error", FIELDS(ERROR)},
	[EVENT_END] = {.name = "end", FIELDS(END)},
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
