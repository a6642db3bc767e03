#include "console/model/model.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base/stamp.h"
#include "base/strbuf.h"
#include "base/text.h"
#include "console/model/model_explain.h"
#include "console/model/model_live.h"
#include "console/model/model_plan.h"
#include "core/migration/migration.h"

static void forget_lines(struct model *model)
{
	for (size_t i = 0; i < model->line_count; i++) {
		struct model_line *line = &model->lines[(model->line_first + i) % MODEL_LINES_MAX];
		memory_free(line->text);
		memory_free(line->detail);
	}
	model->line_first = model->line_count = 0;
	model->lines_dropped = 0;
}

static void forget_samples(struct model *model)
{
	for (size_t i = 0; i < model->samples.count; i++)
		json_close(model->samples.items[i].values);
	if (model->live)
		json_close(model->live->queue);
}

static void forget_sent(struct model *model)
{
	for (size_t i = 0; i < MODEL_SENT_MAX; i++)
		memory_free(model->sent.sqls[i]);
	model->sent = (struct model_sent){.migration = SIZE_MAX};
	model->sql = NULL;
}

/* Nothing of the run before is left but the room for lines, and the environment, which no screen goes without. */
static void begin_story(struct model *model)
{
	struct model_line *lines = model->lines;
	struct model_engine engine = model->engine;
	struct arena *arena = arena_open();
	const char *environment = arena_strdup(arena, model->environment);
	int64_t now_ms = model->now_ms, seq = model->seq;
	uint64_t explains = model->explains, story = model->story;

	forget_samples(model);
	forget_lines(model);
	forget_sent(model);
	arena_close(model->arena);
	*model = (struct model){
		.arena = arena,
		.environment = environment,
		.now_ms = now_ms,
		.seq = seq,
		.lines = lines,
		.engine = engine,
		.explains = explains,
		.story = story + 1,
		.at_work = GATE_COUNT,
		.current = SIZE_MAX,
		.sent = {.migration = SIZE_MAX},
	};
}

struct model *model_open(void)
{
	struct model *model = memory_new(sizeof(*model));
	model->lines = memory_new(MODEL_LINES_MAX * sizeof(*model->lines));
	model->engine.gate = model->engine.goal = GATE_COUNT;
	begin_story(model);
	return model;
}

void model_close(struct model *model)
{
	if (!model)
		return;
	forget_samples(model);
	forget_lines(model);
	forget_sent(model);
	arena_close(model->arena);
	memory_free(model->lines);
	memory_free(model);
}

/* A line of the log; text and detail (or NULL) are taken. */
static void add_line(struct model *model, const char *level, char *text, char *detail, int64_t duration_ms)
{
	if (model->line_count == MODEL_LINES_MAX) {
		struct model_line *oldest = &model->lines[model->line_first];
		memory_free(oldest->text);
		memory_free(oldest->detail);
		model->line_first = (model->line_first + 1) % MODEL_LINES_MAX;
		model->line_count--;
		model->lines_dropped++;
	}
	model->lines[(model->line_first + model->line_count++) % MODEL_LINES_MAX] = (struct model_line){
		.at_ms = model->now_ms,
		.gate = model->at_work,
		.level = level,
		.text = text,
		.detail = detail,
		.duration_ms = duration_ms,
	};
}

static char *PRINTF_LIKE(1, 2) printed(const char *format, ...)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	va_list args;

	va_start(args, format);
	strbuf_vprintf(&text, format, args);
	va_end(args);
	return memory_strdup(strbuf_text(&text));
}

static const char *keep(struct model *model, const struct json *event, const char *name)
{
	return arena_strdup(model->arena, json_get_text(event, name));
}

static void apply_run(struct model *model, const struct json *event)
{
	const struct json *target = json_get(event, "target");

	if (model->run_id)
		begin_story(model);
	model->run_id = keep(model, event, "run");
	model->command = keep(model, event, "command");
	model->tool_version = keep(model, event, "tool_version");
	model->environment = keep(model, event, "environment");
	model->plan_id = keep(model, event, "plan_id");
	model->database = keep(model, target, "database");
	model->system_identifier = keep(model, target, "system_identifier");
	model->server_version = keep(model, target, "server_version");
}

static void apply_gate(struct model *model, const struct json *event)
{
	enum gate id = GATE_COUNT;
	enum gate_state state = GATE_WAITING;

	if (!gate_find(json_get_text(event, "gate"), &id) || !gate_state_find(json_get_text(event, "state"), &state))
		return;
	struct model_gate *gate = &model->gates[id];
	gate->state = state;
	gate->since_ms = model->now_ms;
	gate->reason = keep(model, event, "reason");
	gate->hint = keep(model, event, "hint");
	gate->valid_until_ms = 0;
	if (json_has(event, "valid_until") && !stamp_read(json_get_text(event, "valid_until"), &gate->valid_until_ms))
		gate->valid_until_ms = 0;
	if (state == GATE_RUNNING) {
		gate->began_ms = model->now_ms;
		memset(&gate->checks, 0, sizeof(gate->checks));
	}
	add_line(model, "gate", printed("%s: %s%s%s", gate_get(id)->name, gate_state_name(state),
	                                gate->reason ? ": " : "", gate->reason ? gate->reason : ""),
	         memory_strdup(gate->hint), -1);
	model->at_work = state == GATE_RUNNING ? id : model->at_work == id ? GATE_COUNT : model->at_work;
	if (model->at_work == GATE_COUNT)
		model->current = SIZE_MAX;
}

/* A check that is told again (evidence that is reused) takes the place of what was told before. */
static void apply_evidence(struct model *model, const struct json *event)
{
	enum gate id = GATE_COUNT;
	const char *name = json_get_text(event, "check");

	if (!gate_find(json_get_text(event, "gate"), &id))
		return;
	struct model_gate *gate = &model->gates[id];
	struct model_check check = {
		.name = keep(model, event, "check"),
		.measured = keep(model, event, "measured"),
		.limit = keep(model, event, "limit"),
		.hint = keep(model, event, "hint"),
		.waived = keep(model, event, "waived"),
		.ok = json_get_bool(event, "ok"),
		.warning = json_get_bool(event, "warning"),
	};
	for (size_t i = 0; i < gate->checks.count; i++) {
		const struct model_check *told = &gate->checks.items[i];
		if (strcmp(told->name, name) == 0 && strcmp(told->measured, check.measured) == 0) {
			gate->checks.items[i] = check;
			return;
		}
	}
	list_push(model->arena, &gate->checks, check);
}

static bool ends_with(const char *text, const char *end)
{
	size_t length = text ? strlen(text) : 0;
	return length >= strlen(end) && strcmp(text + length - strlen(end), end) == 0;
}

/* The gate that a step belongs to: it says so itself, and in older records it is the one at work. */
static enum gate gate_of_step(const struct model *model, const struct json *event)
{
	enum gate gate = model->at_work;

	if (json_has(event, "gate") && !gate_find(json_get_text(event, "gate"), &gate))
		gate = GATE_COUNT;
	return gate;
}

/* Live is what the apply made of it, also before the next plan says so. */
static void note_applied(struct model *model, struct model_migration *migration)
{
	bool back = model->command && strcmp(model->command, "rollback") == 0;

	migration->state = back ? "pending" : "applied";
	model_count(model);
}

static const char *sql_of(const struct model *model, int64_t statement)
{
	return statement >= 1 && statement <= MODEL_SENT_MAX ? model->sent.sqls[statement - 1] : NULL;
}

/* Notes what was sent and what has ended; the one at work is the first that has not. */
static void note_sent(struct model *model, enum gate gate, bool down, const char *phase, const struct json *event)
{
	struct model_sent *sent = &model->sent;
	int64_t step = json_get_int(event, "step"), statement = json_get_int(event, "statement");
	const char *sql = json_get_text(event, "sql");

	bool begins = strcmp(phase, "begin") == 0;
	bool again = begins && statement <= sent->ended; /* a step that is tried once more */
	if (sent->migration != model->current || sent->step != step || sent->gate != gate ||
	    sent->down != down || again) {
		forget_sent(model);
		*sent = (struct model_sent){.migration = model->current, .step = step, .gate = gate, .down = down};
	}
	if (!json_has(event, "statement"))
		return;
	if (sql && statement >= 1 && statement <= MODEL_SENT_MAX) {
		memory_free(sent->sqls[statement - 1]);
		sent->sqls[statement - 1] = memory_strdup(sql);
	}
	if (begins && statement > sent->begun + 1)
		sent->ended = statement - 1; /* not every statement is told */
	sent->begun = statement > sent->begun ? statement : sent->begun;
	if (strcmp(phase, "end") == 0)
		sent->ended = statement;
	model->sql = sql_of(model, sent->ended < sent->begun ? sent->ended + 1 : sent->ended);
}

static void work(struct model *model, struct model_migration *migration, struct model_work *at, const char *phase,
                 const struct json *event)
{
	const struct model_sent *sent = &model->sent;
	bool whole = !json_has(event, "statement");
	int64_t before = at->step == sent->step ? at->statement : -1;

	at->step = json_get_int(event, "step");
	if (!whole)
		at->statement = json_has(event, "error") ? json_get_int(event, "statement")
		                : sent->ended < sent->begun ? sent->ended + 1
		                                            : sent->ended;
	if (at->state != WORK_RUNNING || at->began_ms == 0) {
		at->state = WORK_RUNNING;
		at->began_ms = model->now_ms;
		at->error = NULL;
	}
	if (at->statement != before || (strcmp(phase, "begin") == 0 && sent->begun == at->statement))
		at->statement_began_ms = model->now_ms;
	if (json_has(event, "error")) {
		at->state = WORK_FAILED;
		at->error = keep(model, event, "error");
	} else if (whole && strcmp(phase, "end") == 0) {
		at->state = WORK_DONE;
		at->duration_ms = json_get_int(event, "duration_ms");
		model_add_locks(model, migration, json_get(event, "locks"));
	}
}

static const char *tag_of(const struct model_migration *migration, int64_t step, int64_t statement)
{
	if (step < 1 || (size_t)step > migration->steps.count)
		return "";
	const struct model_step *at = &migration->steps.items[step - 1];
	for (size_t i = 0; i < at->statements.count; i++) {
		statement -= at->statements.items[i].count;
		if (statement <= 0)
			return at->statements.items[i].tag;
	}
	return "";
}

static void log_step(struct model *model, const struct model_migration *migration, const struct json *event,
                     bool down)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	const char *error = json_get_text(event, "error");
	int64_t step = json_get_int(event, "step"), statement = json_get_int(event, "statement");

	strbuf_printf(&text, "%s%s", migration->version, down ? " down" : "");
	if (json_has(event, "statement"))
		strbuf_printf(&text, " step %" PRId64 " statement %" PRId64 ": %s", step, statement,
		              sql_of(model, statement) ? sql_of(model, statement)
		              : down                   ? ""
		                                       : tag_of(migration, step, statement));
	else
		strbuf_printf(&text, " %s: all of it", migration->name);
	if (json_has(event, "rows"))
		strbuf_printf(&text, " (%" PRId64 " rows)", json_get_int(event, "rows"));
	add_line(model, error ? "error" : "step", memory_strdup(strbuf_text(&text)), memory_strdup(error),
	         json_has(event, "duration_ms") ? json_get_int(event, "duration_ms") : -1);
}

static void apply_step(struct model *model, const struct json *event)
{
	struct model_migration *migration = model_find(model, json_get_text(event, "version"));
	const char *phase = json_get_text(event, "phase");
	enum gate gate = gate_of_step(model, event);
	bool back = model->command && strcmp(model->command, "rollback") == 0;
	bool down = ends_with(json_get_text(event, "file"), ".down.sql") && !back;

	if (!migration)
		return;
	model->current = (size_t)(migration - model->migrations.items);
	if (strcmp(phase, "progress") != 0)
		note_sent(model, gate, down, phase, event);
	if (strcmp(phase, "end") == 0)
		log_step(model, migration, event, down);
	if (down)
		return;
	struct model_work *at = gate == GATE_APPLY ? &migration->applied : &migration->rehearsed;
	if (gate == GATE_APPLY)
		model_begin_changing(model);
	work(model, migration, at, phase, event);
	if (gate == GATE_REHEARSAL && at->state == WORK_DONE)
		migration->promised_ms = at->duration_ms;
	if (gate == GATE_APPLY && at->state == WORK_DONE)
		note_applied(model, migration);
}

static void apply_sample(struct model *model, const struct json *event)
{
	const char *sampler = json_get_text(event, "sampler");
	struct model_sample *sample = NULL;

	for (size_t i = 0; i < model->samples.count && !sample; i++)
		if (strcmp(model->samples.items[i].sampler, sampler) == 0)
			sample = &model->samples.items[i];
	if (!sample) {
		sample = list_add(model->arena, &model->samples);
		sample->sampler = arena_strdup(model->arena, sampler);
	}
	_cleanup_json_ struct json *before = sample->values;
	sample->values = json_clone(json_get(event, "values"));
	sample->at_ms = model->now_ms;
	model_add_live(model, sample, before);
	if (strcmp(sampler, "promise") != 0)
		return;
	model_set_promise(model, sample->values);
	json_close(sample->values); /* the migrations have it */
	sample->values = NULL;
}

static const char *level_of(const char *name)
{
	static const char *const LEVELS[] = {"debug", "info", "notice", "warning"};

	for (size_t i = 0; i < sizeof(LEVELS) / sizeof(LEVELS[0]); i++)
		if (strcmp(LEVELS[i], name) == 0)
			return LEVELS[i];
	return "info";
}

static void apply_error(struct model *model, const struct json *event)
{
	_cleanup_strbuf_ struct strbuf text = {0}, more = {0};
	const char *file = json_get_text(event, "file"), *sqlstate = json_get_text(event, "sqlstate");
	const char *detail = json_get_text(event, "detail"), *hint = json_get_text(event, "hint");

	if (file)
		strbuf_printf(&text, "%s:%" PRId64 ":%" PRId64 ": ", file, json_get_int(event, "line"),
		              json_get_int(event, "column"));
	strbuf_puts(&text, json_get_text(event, "message"));
	if (sqlstate)
		strbuf_printf(&text, " (SQLSTATE %s)", sqlstate);
	if (detail)
		strbuf_puts(&more, detail);
	if (hint)
		strbuf_printf(&more, "%s%s", detail ? "\n" : "", hint);
	add_line(model, "error", memory_strdup(strbuf_text(&text)),
	         more.length ? memory_strdup(strbuf_text(&more)) : NULL, -1);
	model->error = arena_strdup(model->arena, strbuf_text(&text));
	model->error_hint = arena_strdup(model->arena, hint);
}

static void apply_end(struct model *model, const struct json *event)
{
	model->ended = true;
	model->at_work = GATE_COUNT;
	model->exit_code = json_get_int(event, "exit");
	model->end_reason = keep(model, event, "reason");
	model->report = keep(model, event, "report");
	add_line(model, "gate", printed("the run ended with %" PRId64 ": %s", model->exit_code, model->end_reason), NULL,
	         -1);
}

/* Who asked for what: the log says so, whatever came of it. */
static void apply_request(struct model *model, const struct json *event)
{
	const char *gate = json_get_text(event, "gate"), *check = json_get_text(event, "check");
	const char *to = json_get_text(event, "to"), *reason = json_get_text(event, "reason");
	const char *action = json_get_text(event, "action"), *session = json_get_text(event, "session");
	_cleanup_strbuf_ struct strbuf signal = {0};
	const char *what = gate ? gate : check ? check : to;
	const char *refused = json_get_text(event, "refused"), *unknown = json_get_text(event, "unknown");

	if (session && !refused)
		model_add_incident(model, false, "%s asked to %s %s", json_get_text(event, "user"), action, session);
	if (action) {
		strbuf_printf(&signal, "%s ", action);
		if (session)
			strbuf_puts(&signal, session);
		else
			strbuf_printf(&signal, "process %" PRId64, json_get_int(event, "backend_pid"));
		what = strbuf_text(&signal);
	}
	add_line(model, "request",
	         printed("%s asked: %s%s%s%s%s%s%s%s", json_get_text(event, "user"), json_get_text(event, "request"),
	                 what ? " " : "", what ? what : "", reason ? " (" : "", reason ? reason : "", reason ? ")" : "",
	                 refused ? ": refused: " : unknown ? ": unknown: " : "",
	                 refused ? refused : unknown ? unknown : ""),
	         NULL, -1);
}

static void apply_engine(struct model *model, const struct json *event)
{
	struct model_engine *engine = &model->engine;

	engine->gate = engine->goal = GATE_COUNT;
	if (json_has(event, "gate") && !gate_find(json_get_text(event, "gate"), &engine->gate))
		engine->gate = GATE_COUNT;
	if (json_has(event, "goal") && !gate_find(json_get_text(event, "goal"), &engine->goal))
		engine->goal = GATE_COUNT;
	if (!model->environment)
		model->environment = keep(model, event, "environment");
	engine->pid = json_get_int(event, "pid");
	engine->attended = json_get_bool(event, "attended");
	engine->viewers = json_get_int(event, "viewers");
	snprintf(engine->state, sizeof(engine->state), "%s", json_get_text(event, "state"));
}

void model_apply(struct model *model, enum event_type type, const struct json *event)
{
	if (json_get_int(event, "seq") > 0)
		model->seq = json_get_int(event, "seq");
	if (!stamp_read(json_get_text(event, "ts"), &model->now_ms))
		model->now_ms = 0;
	/* A run that can't read its plan never says `run`: its first line, whatever it is, ends what was before. */
	if (json_get_int(event, "seq") == 1)
		begin_story(model);
	switch (type) {
	case EVENT_RUN:
		apply_run(model, event);
		break;
	case EVENT_PLAN:
		model_set_plan(model, event);
		break;
	case EVENT_GATE:
		apply_gate(model, event);
		break;
	case EVENT_EVIDENCE:
		apply_evidence(model, event);
		break;
	case EVENT_STEP:
		apply_step(model, event);
		break;
	case EVENT_SAMPLE:
		apply_sample(model, event);
		break;
	case EVENT_LOG:
		add_line(model, level_of(json_get_text(event, "level")), memory_strdup(json_get_text(event, "message")),
		         NULL, -1);
		break;
	case EVENT_ERROR:
		apply_error(model, event);
		break;
	case EVENT_REQUEST:
		apply_request(model, event);
		break;
	case EVENT_END:
		apply_end(model, event);
		break;
	case EVENT_ENGINE:
		apply_engine(model, event);
		break;
	case EVENT_EXPLAIN:
		model_add_explain(model, event);
		break;
	case EVENT_GUARD:
		model_add_incident(model, true, "the guard pulled %s back: %s", json_get_text(event, "version"),
		                   json_get_text(event, "message"));
		break;
	case EVENT_TYPE_COUNT:
		break;
	}
}

/* The plan's migrations stand in the order of their versions. */
struct model_migration *model_find(const struct model *model, const char *version)
{
	size_t low = 0, high = model->migrations.count;

	while (version && low < high) {
		size_t middle = low + (high - low) / 2;
		struct model_migration *migration = &model->migrations.items[middle];
		int order = version_compare(migration->version, version);
		if (order == 0)
			return migration;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

const struct model_sample *model_sample(const struct model *model, const char *sampler)
{
	for (size_t i = 0; i < model->samples.count; i++)
		if (strcmp(model->samples.items[i].sampler, sampler) == 0)
			return &model->samples.items[i];
	return NULL;
}

const struct model_line *model_line(const struct model *model, size_t index)
{
	return &model->lines[(model->line_first + index) % MODEL_LINES_MAX];
}

static bool is_open(const struct model *model, enum gate gate)
{
	return model->gates[gate].state == GATE_PASSED || model->gates[gate].state == GATE_WAIVED;
}

enum gate model_next_gate(const struct model *model)
{
	enum gate gate = 0;
	while (gate < GATE_COUNT && is_open(model, gate))
		gate++;
	return gate;
}

/* The first gate that failed, or was found stale. */
static enum gate gate_in_state(const struct model *model, enum gate_state state)
{
	for (enum gate gate = 0; gate < GATE_COUNT; gate++)
		if (model->gates[gate].state == state)
			return gate;
	return GATE_COUNT;
}

const char *model_why_locked(struct arena *arena, const struct model *model)
{
	enum gate failed = gate_in_state(model, GATE_FAILED), next = model_next_gate(model);
	size_t open = 0;

	if (!model->run_id)
		return "No run has begun.";
	if (model->ended && failed != GATE_COUNT)
		return arena_printf(arena, "Gate %s failed, and the run has ended. When it is mended, begin anew.",
		                    gate_get(failed)->name);
	if (model->ended)
		return arena_printf(arena, "The run has ended: %s.", model->end_reason);
	for (enum gate gate = 0; gate < GATE_APPLY; gate++)
		open += !is_open(model, gate);
	if (open == 0)
		return NULL;
	if (strcmp(model->engine.state, "asking") == 0 && next == GATE_APPROVAL)
		return "Apply is locked: it waits for your approval.";
	if (open == 1)
		return arena_printf(arena, "Apply is locked: gate %s has to pass before it.", gate_get(next)->name);
	return arena_printf(arena, "Apply is locked: %zu gates have to pass before it, the next is %s.", open,
	                    gate_get(next)->name);
}
