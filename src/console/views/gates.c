/* The checklist: each gate's state and age, and what the one under the cursor measured, allowed, and advises. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "console/cursor.h"
#include "console/terminal/paper.h"
#include "console/terminal/signs.h"
#include "console/views/views.h"

enum { SIDE_BY_SIDE_FROM = 110, LIST_COLUMNS = 58, WIDE_FROM = 90 };
enum { NAME_AT = 2, STATE_AT = 14, AGE_AT = 25, VALID_AT = 37, WHY_AT = 47 };

struct gates_state {
	struct cursor gates, evidence;
	bool in_evidence; /* movement goes to the evidence */
	bool was_moved;   /* by a person, in this run: until then the cursor follows the work */
	char run_id[40];
};

/* The gate at work, else the first that is not open: where one's eyes go. */
static enum gate gate_of_interest(const struct model *model)
{
	enum gate next = model_next_gate(model);

	if (model->at_work != GATE_COUNT)
		return model->at_work;
	return next == GATE_COUNT ? GATE_VERIFY : next;
}

static void follow(struct gates_state *view, const struct scene *scene)
{
	const char *run_id = scene->model->run_id ? scene->model->run_id : "";

	if (strcmp(view->run_id, run_id) != 0) {
		snprintf(view->run_id, sizeof(view->run_id), "%s", run_id);
		view->was_moved = view->in_evidence = false;
	}
	if (!view->was_moved)
		view->gates.at = gate_of_interest(scene->model);
}

/* The approval does not work, it waits for a person. */
static bool asks(const struct model *model, enum gate gate)
{
	return gate == GATE_APPROVAL && strcmp(model->engine.state, "asking") == 0 && !model->ended;
}

static struct sign state_of(const struct model *model, enum gate gate)
{
	if (asks(model, gate))
		return (struct sign){GLYPH_ATTENTION, STYLE_CAUTION, "asks you"};
	return sign_of_gate(model->gates[gate].state);
}

static const char *remaining(const struct scene *scene, enum gate gate)
{
	const struct model_sample *sample = model_sample(scene->model, gate_get(gate)->name);

	if (!sample || !json_has(sample->values, "remaining_ms") || json_get_int(sample->values, "remaining_ms") < 0)
		return "";
	return arena_printf(scene->tick, ", about %s left",
	                    short_duration(scene->tick, json_get_int(sample->values, "remaining_ms")));
}

static const char *phase_of(const struct scene *scene, enum gate gate)
{
	const struct model_sample *sample = model_sample(scene->model, gate_get(gate)->name);
	const char *phase = sample ? json_get_text(sample->values, "phase") : NULL;

	return phase ? phase : "at work";
}

/* What a gate has to say for itself in a line. */
static const char *says(const struct scene *scene, enum gate id)
{
	const struct model_gate *gate = &scene->model->gates[id];

	if (asks(scene->model, id))
		return "A shows what there is to say yes to";
	if (gate->state == GATE_RUNNING)
		return arena_printf(scene->tick, "%s, %s%s", clock_text(scene->tick, scene->now_ms - gate->began_ms),
		                    phase_of(scene, id), remaining(scene, id));
	return gate->reason ? gate->reason : "";
}

static void draw_list(struct gates_state *view, const struct scene *scene, const struct area *area)
{
	area_set_style(area, 0, 0, -1, STYLE_TEXT);
	area_put(area, 0, NAME_AT, STYLE_HEADING, "gate");
	area_put(area, 0, STATE_AT, STYLE_HEADING, "state");
	area_put(area, 0, AGE_AT, STYLE_HEADING, "since");
	area_put(area, 0, VALID_AT, STYLE_HEADING, "valid");
	area_put(area, 0, WHY_AT, STYLE_HEADING, "why");
	cursor_keep(&view->gates, GATE_COUNT, area->rows - 1);
	for (enum gate id = 0; id < GATE_COUNT; id++) {
		const struct model_gate *gate = &scene->model->gates[id];
		int row = (int)id + 1 - (int)view->gates.top;
		if (row < 1)
			continue;
		area_print(area, row, 0, STYLE_TEXT, "%d", (int)id + 1);
		area_put(area, row, NAME_AT, STYLE_TEXT, gate_get(id)->name);
		sign_put(area, row, STATE_AT, state_of(scene->model, id));
		area_put_width(area, row, AGE_AT, VALID_AT - AGE_AT - 1, STYLE_DIM,
		               gate->state == GATE_WAITING ? "" : age_text(scene->tick, gate->since_ms, scene->now_ms));
		area_put_width(area, row, VALID_AT, WHY_AT - VALID_AT - 1, STYLE_DIM,
		               validity_text(scene->tick, gate->valid_until_ms, scene->now_ms));
		area_put_width(area, row, WHY_AT, area->columns - WHY_AT, STYLE_TEXT, says(scene, id));
		if (id == view->gates.at)
			area_set_style(area, row, 0, -1, view->in_evidence ? STYLE_STRONG : STYLE_CURSOR);
	}
}

/* The hint is left out where the next check, which is `next`, has the same. */
static void write_check(struct paper *paper, const struct model_check *check, const struct model_check *next)
{
	struct sign sign = sign_of_check(check);
	const char *dot = strchr(check->name, '.');

	paper_line(paper);
	paper_span(paper, sign.style, "%-8s", sign.word);
	paper_span(paper, STYLE_STRONG, "%-14s ", dot ? dot + 1 : check->name);
	paper_text(paper, STYLE_TEXT, paper->width >= WIDE_FROM ? 23 : 9, check->measured);
	if ((!check->ok || check->warning) && check->limit && strcmp(check->limit, "-") != 0)
		paper_field(paper, 9, "  limit", STYLE_TEXT, check->limit);
	if (check->waived)
		paper_field(paper, 9, "  waived", STYLE_BAD, check->waived);
	bool again = next && next->hint && check->hint && !next->ok && strcmp(next->hint, check->hint) == 0;
	if (!check->ok && check->hint && !again)
		paper_field(paper, 9, "  to do", STYLE_CAUTION, check->hint);
}

/* What failed comes first, then what warns: nobody looks for it at 3 a.m. */
static int weight(const struct model_check *check)
{
	if (!check->ok && !check->warning && !check->waived)
		return 0;
	return check->waived ? 1 : !check->ok || check->warning ? 2 : 3;
}

/* Of what is applied the model knows more than the sample of a while ago, and other views show it. */
static int64_t applied_count(const struct model *model)
{
	int64_t count = 0;
	for (size_t i = 0; i < model->migrations.count; i++)
		count += model->migrations.items[i].applied.state == WORK_DONE;
	return count;
}

static void write_figures(struct paper *paper, const struct scene *scene, enum gate id)
{
	static const struct {
		const char *name, *whole, *label;
		bool is_bytes;
	} FIGURES[] = {
		{"tables_done", "tables_total", "tables", false},
		{"done_bytes", "total_bytes", "bytes", true},
		{"rate_bytes", NULL, "a second", true},
		{"migrations_done", "migrations_total", "migrations", false},
	};
	const struct model_sample *sample = model_sample(scene->model, gate_get(id)->name);

	if (sample && json_get_text(sample->values, "phase"))
		paper_field(paper, 12, "now", STYLE_TEXT,
		            arena_printf(scene->tick, "%s%s", phase_of(scene, id), remaining(scene, id)));
	for (size_t i = 0; sample && i < sizeof(FIGURES) / sizeof(FIGURES[0]); i++) {
		const char *whole = FIGURES[i].whole;
		bool known = json_has(sample->values, FIGURES[i].name);
		if (!known || (whole && json_has(sample->values, whole) && json_get_int(sample->values, whole) == 0))
			continue; /* nothing is known of it in this phase */
		bool applied = id == GATE_APPLY && strcmp(FIGURES[i].name, "migrations_done") == 0;
		int64_t done = applied ? applied_count(scene->model) : json_get_int(sample->values, FIGURES[i].name);
		const char *text = FIGURES[i].is_bytes ? text_bytes(scene->tick, done)
		                                       : arena_printf(scene->tick, "%" PRId64, done);
		if (whole && json_has(sample->values, whole)) {
			int64_t total = json_get_int(sample->values, whole);
			text = arena_printf(scene->tick, "%s of %s", text,
			                    FIGURES[i].is_bytes ? text_bytes(scene->tick, total)
			                                        : arena_printf(scene->tick, "%" PRId64, total));
		}
		paper_field(paper, 12, FIGURES[i].label, STYLE_TEXT, text);
	}
}

static void write_gate(struct paper *paper, const struct scene *scene, enum gate id)
{
	const struct model_gate *gate = &scene->model->gates[id];

	bool told = false; /* by the check that failed */

	paper_text(paper, STYLE_STRONG, 0, gate_get(id)->question);
	for (size_t i = 0; i < gate->checks.count; i++)
		told = told || weight(&gate->checks.items[i]) == 0;
	if (gate->reason && !told)
		paper_field(paper, 9, "because", gate->state == GATE_FAILED ? STYLE_BAD : STYLE_TEXT, gate->reason);
	if (gate->hint && !told)
		paper_field(paper, 9, "to do", STYLE_CAUTION, gate->hint);
	if (gate->state == GATE_RUNNING)
		write_figures(paper, scene, id);
	if (gate->checks.count == 0)
		paper_field(paper, 9, "evidence", STYLE_DIM,
		            gate->state == GATE_WAITING ? "none: it has not run" : "none has been told yet");
	const struct model_check *before = NULL;
	for (int at = 0; at <= 3; at++)
		for (size_t i = 0; i < gate->checks.count; i++) {
			const struct model_check *check = &gate->checks.items[i];
			if (weight(check) != at)
				continue;
			if (before)
				write_check(paper, before, check);
			before = check;
		}
	if (before)
		write_check(paper, before, NULL);
}

static void draw_evidence(struct gates_state *view, const struct scene *scene, const struct area *area)
{
	enum gate id = (enum gate)view->gates.at;
	struct sign sign = state_of(scene->model, id);
	struct area body = area_part(area, 1, 1, -1, -1);
	struct paper paper = paper_on(scene->tick, body.columns - 2);

	area_rule(area, 0, view->in_evidence ? STYLE_STRONG : STYLE_DIM,
	          arena_printf(scene->tick, "%s: %s", gate_get(id)->name, sign.word));
	write_gate(&paper, scene, id);
	view->evidence.rows = body.rows;
	if (view->evidence.top + (size_t)body.rows > paper.lines.count)
		view->evidence.top = paper.lines.count > (size_t)body.rows ? paper.lines.count - (size_t)body.rows : 0;
	view->evidence.at = paper.lines.count;
	paper_draw(&body, &paper, view->evidence.top);
}

static int draw_locked(const struct scene *scene, const struct area *area)
{
	const char *why = model_why_locked(scene->tick, scene->model);
	enum gate next = model_next_gate(scene->model);
	struct area text = area_part(area, 0, 1, -1, -1);

	if (why)
		return area_put_wrapped(&text, 0, 0, STYLE_TEXT, why);
	return area_put_wrapped(&text, 0, 0, STYLE_CAUTION,
	                        next == GATE_COUNT ? "Every gate has passed."
	                                           : "Live may be changed: every gate before the apply has passed.");
}

static void draw(void *state, const struct scene *scene, const struct area *area)
{
	struct gates_state *view = state;
	bool wide = area->columns >= SIDE_BY_SIDE_FROM;
	int list_rows = GATE_COUNT + 1;

	follow(view, scene);
	struct area list = area_part(area, 0, 0, area->rows > 14 ? list_rows : area->rows / 2, wide ? LIST_COLUMNS : -1);
	draw_list(view, scene, &list);
	struct area under = area_part(area, list.rows, 0, -1, wide ? LIST_COLUMNS : -1);
	int used = area->rows > 14 ? draw_locked(scene, &under) : 0;
	struct area evidence = wide ? area_part(area, 0, LIST_COLUMNS + 1, -1, -1)
	                            : area_part(area, list.rows + used, 0, -1, -1);
	draw_evidence(view, scene, &evidence);
}

static bool act(void *state, const struct scene *scene, enum action action)
{
	struct gates_state *view = state;

	follow(view, scene);
	size_t before = view->gates.at;
	switch ((int)action) {
	case ACTION_NEXT_PART:
	case ACTION_OPEN:
		view->in_evidence = !view->in_evidence;
		return true;
	case ACTION_BACK:
		if (!view->in_evidence)
			return false;
		view->in_evidence = false;
		return true;
	case ACTION_FOLLOW:
		view->was_moved = false;
		return true;
	case ACTION_RUNBOOK_HERE:
		console_open_manual(scene->console, "pgsluice-runbook",
		                    arena_printf(scene->tick, "Gate %s", gate_get((enum gate)view->gates.at)->name));
		return true;
	default:
		break;
	}
	if (view->in_evidence)
		return cursor_scroll(&view->evidence, view->evidence.at, action);
	if (!cursor_move(&view->gates, GATE_COUNT, action))
		return false;
	view->was_moved = true;
	if (view->gates.at != before)
		view->evidence.top = 0;
	return true;
}

static void focus(void *state, const struct scene *scene, const struct place *place)
{
	struct gates_state *view = state;

	if (place->gate == GATE_COUNT || place->version)
		return; /* from a list of migrations one comes to see how it stands */
	follow(view, scene);
	view->gates.at = place->gate;
	view->was_moved = true;
}

static struct place focused(void *state, const struct scene *scene)
{
	struct gates_state *view = state;

	(void)scene;
	return (struct place){.gate = (enum gate)view->gates.at};
}

static void click(void *state, const struct scene *scene, int row, int column)
{
	struct gates_state *view = state;

	(void)scene;
	view->in_evidence = row > GATE_COUNT || column > LIST_COLUMNS;
	if (row < 1 || view->in_evidence)
		return;
	view->gates.at = (size_t)row - 1;
	view->was_moved = true;
}

static void plain(void *state, const struct scene *scene, struct strbuf *out)
{
	(void)state;
	for (enum gate id = 0; id < GATE_COUNT; id++) {
		struct paper paper = paper_on(scene->tick, 0);
		strbuf_printf(out, "gate %d %s: %s\n", (int)id + 1, gate_get(id)->name,
		              sign_of_gate(scene->model->gates[id].state).word);
		write_gate(&paper, scene, id);
		paper_plain(&paper, out);
		strbuf_putc(out, '\n');
	}
	const char *why = model_why_locked(scene->tick, scene->model);
	if (why)
		strbuf_printf(out, "%s\n", why);
}

static const char *copy(void *state, const struct scene *scene)
{
	struct gates_state *view = state;
	_cleanup_strbuf_ struct strbuf text = {0};
	struct paper paper = paper_on(scene->tick, 0);

	write_gate(&paper, scene, (enum gate)view->gates.at);
	paper_plain(&paper, &text);
	return arena_strdup(scene->tick, strbuf_text(&text));
}

const struct view_row view_gates = {
	.name = "gates",
	.title = "Gates",
	.digit = '5',
	.state_bytes = sizeof(struct gates_state),
	.draw = draw,
	.act = act,
	.focus = focus,
	.focused = focused,
	.click = click,
	.plain = plain,
	.copy = copy,
};
