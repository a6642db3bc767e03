#include "cli/last_run.h"

#include <string.h>

#include "base/stamp.h"
#include "base/text.h"
#include "engine/execute/leader.h"
#include "pg/ledger.h"

/* What was said of trouble, and while live was being changed: the newest of it. */
enum { SAID_MOST = 30 };

static const char *const WORK_NAMES[] = {
	[WORK_WAITING] = "waiting", [WORK_RUNNING] = "running", [WORK_DONE] = "done", [WORK_FAILED] = "failed"};

static void set_stamp(struct json *object, const char *key, int64_t wall_ms)
{
	_cleanup_arena_ struct arena *scratch = arena_open();
	json_set_text(object, key, wall_ms ? stamp_text(scratch, wall_ms) : NULL);
}

static void set_known(struct json *object, const char *key, int64_t value)
{
	json_set(object, key, value < 0 ? json_new_text(NULL) : json_new_int(value));
}

/* ---- of a record ---- */

struct json *last_run_gates(const struct model *model)
{
	struct json *gates = json_new_array();

	for (enum gate gate = 0; gate < GATE_COUNT; gate++) {
		const struct model_gate *told = &model->gates[gate];
		struct json *object = json_new_object();
		json_set_text(object, "gate", gate_get(gate)->name);
		json_set_text(object, "state", gate_state_name(told->state));
		set_stamp(object, "valid_until", told->valid_until_ms);
		json_set_text(object, "reason", told->reason);
		json_push(gates, object);
	}
	return gates;
}

/* Those that it has begun on live. */
static struct json *migrations_of(const struct model *model)
{
	struct json *migrations = json_new_array();

	for (size_t i = 0; i < model->migrations.count; i++) {
		const struct model_migration *migration = &model->migrations.items[i];
		const struct model_work *work = &migration->applied;
		if (work->state == WORK_WAITING)
			continue;
		struct json *object = json_new_object();
		json_set_text(object, "version", migration->version);
		json_set_text(object, "name", migration->name);
		json_set_text(object, "state", WORK_NAMES[work->state]);
		set_stamp(object, "began", work->began_ms);
		set_known(object, "duration_ms", work->duration_ms);
		set_known(object, "step", work->step);
		set_known(object, "statement", work->statement);
		json_set_text(object, "error", work->error);
		json_push(migrations, object);
	}
	return migrations;
}

static bool is_of_interest(const struct model_line *line)
{
	bool notice = strcmp(line->level, "notice") == 0, on_live = line->gate == GATE_APPLY || line->gate == GATE_VERIFY;
	return strcmp(line->level, "warning") == 0 || strcmp(line->level, "error") == 0 || (notice && on_live);
}

static struct json *said_in(const struct model *model)
{
	struct json *said = json_new_array();
	size_t first = model->line_count, found = 0;

	while (first > 0 && found < SAID_MOST)
		found += is_of_interest(model_line(model, --first));
	for (size_t i = first; i < model->line_count; i++) {
		const struct model_line *line = model_line(model, i);
		if (!is_of_interest(line))
			continue;
		struct json *object = json_new_object();
		set_stamp(object, "at", line->at_ms);
		json_set_text(object, "gate", line->gate < GATE_COUNT ? gate_get(line->gate)->name : NULL);
		json_set_text(object, "level", line->level);
		json_set_text(object, "message", line->text);
		json_set_text(object, "detail", line->detail);
		json_push(said, object);
	}
	return said;
}

struct json *last_run_recorded(const struct model *model, int64_t began_ms, bool at_work)
{
	bool knows_current = at_work && model->current < model->migrations.count;
	struct json *object = json_new_object();

	json_set_text(object, "run", model->run_id);
	json_set_text(object, "from", "record");
	json_set_text(object, "command", model->command);
	json_set_text(object, "plan_id", model->plan_id);
	json_set_text(object, "state", model->ended ? "ended" : at_work ? "running" : "stopped");
	set_stamp(object, "began", began_ms);
	set_stamp(object, "told", model->now_ms);
	set_stamp(object, "ended", model->ended ? model->now_ms : 0);
	json_set(object, "exit", model->ended ? json_new_int(model->exit_code) : json_new_text(NULL));
	json_set_text(object, "reason", model->end_reason);
	json_set_text(object, "hint", model->ended && model->exit_code ? model->error_hint : NULL);
	json_set_text(object, "gate", at_work && model->at_work < GATE_COUNT ? gate_get(model->at_work)->name : NULL);
	json_set_text(object, "migration",
	              knows_current ? model->migrations.items[model->current].version : NULL);
	json_set(object, "gates", last_run_gates(model));
	json_set(object, "migrations", migrations_of(model));
	json_set(object, "said", said_in(model));
	return object;
}

/* ---- of the ledger ---- */

/* Members of a row's body; NULL when there is none. */
static struct json *body_of(const struct ledger_row *row)
{
	_cleanup_error_ struct error ignored = {0};
	struct json *body = NULL;

	if (row->body && json_parse(row->body, strlen(row->body), &body, &ignored) != OK)
		return NULL;
	return body;
}

/* What a row says of how the run stands. */
static void follow(struct json *object, const struct ledger_row *row)
{
	_cleanup_json_ struct json *body = body_of(row);
	bool stopped = strcmp(row->kind, "stopped") == 0, ended = strcmp(row->kind, "end") == 0;
	bool began = strcmp(row->kind, "run") == 0 || strcmp(row->kind, "continued") == 0;

	if (began) {
		json_set_text(object, "run", row->run_id);
		json_set_text(object, "command", json_get_text(body, "command"));
		json_set_text(object, "plan_id", json_get_text(body, "plan_id"));
		json_set_text(object, "began", row->at);
	}
	if (!began && !stopped && !ended)
		return;
	const char *outcome = json_get_text(body, "state") ? json_get_text(body, "state") : json_get_text(body, "action");
	json_set_text(object, "state", ended ? "ended" : stopped ? "stopped" : "unfinished");
	json_set_text(object, "ended", ended || stopped ? row->at : NULL);
	json_set_text(object, "outcome", ended ? outcome : NULL);
	json_set_text(object, "reason", stopped ? json_get_text(body, "message") : NULL);
}

enum status last_run_in_ledger(struct run *run, struct json **ret_object, struct error *err)
{
	struct ledger_rows rows = {0};
	const char *holder = NULL;

	*ret_object = NULL;
	if (!run->resume.ledger)
		return OK;
	if (ledger_last_run(run->live, run->arena, &rows, err) != OK || leader_find(run, &holder, err) != OK)
		return err->status;
	if (rows.count == 0)
		return OK;
	struct json *object = json_new_object();
	json_set_text(object, "run", NULL);
	json_set_text(object, "from", "ledger");
	for (size_t i = 0; i < rows.count; i++)
		follow(object, &rows.items[i]);
	const char *state = json_get_text(object, "state");
	if (holder && state && strcmp(state, "unfinished") == 0) {
		json_set_text(object, "state", "running");
		json_set_text(object, "leader", safe_text(run->arena, holder));
	}
	*ret_object = object;
	return OK;
}
