/*
 * What the console knows: a fold of event lines, nothing else. Views draw it; commands ask it what is possible. Knows
 * no terminal, no socket and no clock.
 */
#ifndef CONSOLE_MODEL_H
#define CONSOLE_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/json.h"
#include "base/list.h"
#include "core/event/event.h"
#include "core/flow/gate.h"

struct query_plan; /* core/explain/query_plan.h */
struct model_live; /* console/model/model_live.h */

struct model_check {
	const char *name, *measured, *limit;
	const char *hint;   /* or NULL */
	const char *waived; /* the reason, or NULL */
	bool ok, warning;
};

struct model_gate {
	enum gate_state state;
	const char *reason, *hint;      /* or NULL */
	int64_t since_ms;               /* wall clock of the event that said so; 0 = none yet */
	int64_t began_ms;               /* when it last began to run; 0 = it has not */
	int64_t valid_until_ms;         /* 0 = none */
	LIST(struct model_check) checks;
};

struct model_lock {
	const char *relation, *mode;
};

struct model_edge {
	size_t migration; /* index of the one that is needed; SIZE_MAX = it is not in the folder */
	const char *version, *reason;
};

/* Where a statement stands in a gate that carries it out. */
enum work_state { WORK_WAITING, WORK_RUNNING, WORK_DONE, WORK_FAILED };

struct model_statement {
	const char *tag; /* "ALTER TABLE" */
	int64_t line, count; /* `count` plain ones alike from there on; 1 = itself */
	LIST(struct model_lock) locks;
};

struct model_step {
	bool transactional;
	const char *reason; /* why it is a step of its own, or NULL */
	LIST(struct model_statement) statements;
};

/* A pass over a migration: in the rehearsal, and on live. Wall clock; durations -1 = not known. */
struct model_work {
	enum work_state state;
	int64_t began_ms, duration_ms;
	int64_t step, statement;        /* counted from 1: the one at work, or the last; -1 = none */
	int64_t statement_began_ms;
	const char *error;
};

struct model_migration {
	const char *version, *name, *state, *reason, *transaction;
	const char *description, *file, *checksum, *phase, *applied_at; /* or NULL */
	bool has_down, has_verify;
	LIST(struct model_edge) needs;
	LIST(size_t) needed_by; /* indexes */
	LIST(struct model_step) steps;
	const char *strongest_lock;       /* mode, or NULL: of the rehearsal, else of what the statements say */
	LIST(struct model_lock) locks;    /* as rehearsed */
	int64_t promised_ms, promised_wal_bytes, promised_rows; /* as rehearsed; -1 = not known */
	struct text_list rewrites;        /* relations that it rewrites, as rehearsed */
	struct model_work rehearsed, applied;
};

struct model_line {
	int64_t at_ms;        /* wall clock */
	enum gate gate;       /* at work then; GATE_COUNT = none */
	const char *level;    /* "debug", "info", "notice", "warning", "error", "step", "gate", "request" */
	char *text;
	char *detail;         /* further lines: detail and hint, what failed; or NULL */
	int64_t duration_ms;  /* -1 = none */
};

/* The newest figures of a sampler, as they came. */
struct model_sample {
	const char *sampler;
	int64_t at_ms;
	struct json *values;
};

/* What was told once of a query's plan. Texts are NULL where they were not told. */
struct model_explain {
	int64_t at_ms;
	const char *on, *phase; /* "copy"; "before", "after", "live", "asked", "what-if" */
	const char *shape, *verdict, *outcome, *reason, *error;
	int64_t p95_us, budget_ms; /* -1 = not told */
	struct text_list changes;
	const struct query_plan *plan; /* or NULL */
};

/* A canary, or what somebody asked to be explained. */
struct model_query {
	const char *name;          /* NULL = asked */
	const char *fingerprint, *sql; /* or NULL */
	LIST(struct model_explain) told; /* in their order */
	uint64_t newest;           /* which of all that were told its last one was */
};

enum { MODEL_LINES_MAX = 5000 }; /* of the log; the record has them all */

/* The statements of one step, which are sent together and end one by one. */
enum { MODEL_SENT_MAX = 1000 };
struct model_sent {
	size_t migration;         /* index; SIZE_MAX = none */
	int64_t step, begun, ended; /* numbers of the last ones */
	enum gate gate;
	bool down;
	char *sqls[MODEL_SENT_MAX]; /* by number, those that were told; NULL = not */
};

/* What the engine does: told beside the story, by an engine that is there. */
struct model_engine {
	int64_t pid;            /* 0 = no engine has told anything: a recording, or not connected */
	char state[12];         /* "working", "asking" a person, "waiting" to be told to go on, "paused", "idle" */
	enum gate gate, goal;   /* at work or asked about; as far as it may go. GATE_COUNT = none */
	bool attended;          /* it waits for requests; else it goes on by itself */
	int64_t viewers;
};

struct model {
	struct arena *arena;      /* what the run told; a new run starts anew */
	const char *run_id;       /* NULL = nothing was told yet */
	const char *command, *tool_version;
	const char *database, *system_identifier, *environment, *server_version; /* or NULL */
	const char *plan_id;      /* or NULL */
	int64_t seq;              /* of the last event */
	int64_t now_ms;           /* wall clock of the last event: a replay's time */

	struct model_gate gates[GATE_COUNT];
	enum gate at_work;        /* GATE_COUNT = none */
	LIST(struct model_migration) migrations; /* in their order */
	struct text_list words;   /* states, tags: what many migrations have in common */
	size_t current;           /* index of the migration at work; SIZE_MAX = none */
	size_t applied_count, pending_count, held_count, wrong_count;

	struct model_line *lines; /* ring of MODEL_LINES_MAX */
	size_t line_first, line_count;
	int64_t lines_dropped;
	LIST(struct model_sample) samples;
	struct model_live *live;  /* what samples of live told over time; NULL = nothing yet */
	LIST(struct model_query) queries;
	uint64_t explains;        /* how many were told, ever */
	uint64_t story;           /* which one it is: in another, plans are others */

	struct model_sent sent;   /* statements of the step at work */
	const char *sql;          /* of the statement at work, or NULL */
	const char *error, *error_hint; /* the last one, or NULL */
	struct model_engine engine;
	bool ended;
	int64_t exit_code;        /* when ended */
	const char *end_reason, *report;
};

struct model *model_open(void);
void model_close(struct model *model);

/*
 * Folds one checked event into the model. The first line of a run begins a new story, in which nothing of the old is
 * left but the environment; so does a second `run` event.
 */
void model_apply(struct model *model, enum event_type type, const struct json *event);

/* The migration of that version, by number; NULL = none. */
struct model_migration *model_find(const struct model *model, const char *version);

/* Newest sample of that sampler, or NULL. */
const struct model_sample *model_sample(const struct model *model, const char *sampler);

/* Line `index` of the log, 0 = the oldest that is kept. */
const struct model_line *model_line(const struct model *model, size_t index);

/* The first gate that has not passed; GATE_COUNT = all have. */
enum gate model_next_gate(const struct model *model);

/* Why live can't be changed now, a sentence; NULL when the apply is at work or may begin. */
const char *model_why_locked(struct arena *arena, const struct model *model);

#endif
