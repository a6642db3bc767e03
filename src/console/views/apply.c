/*
 * The work: migration by migration and statement by statement, what the rehearsal promised beside what happens. On the
 * copy while the rehearsal runs, on live from the apply on; the heading says which.
 */
#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "console/cursor.h"
#include "console/terminal/paper.h"
#include "console/terminal/signs.h"
#include "console/views/impact.h"
#include "console/views/views.h"

enum { NAME_AT = 12, PROMISED_FROM_RIGHT = 30, TOOK_FROM_RIGHT = 18, STATE_FROM_RIGHT = 10 };
enum { LOG_ROWS = 5, BAR = 20, IMPACT_FROM_ROWS = 16 };

struct apply_state {
	struct cursor cursor;  /* in the migrations of the plan that are carried out */
	bool was_moved;        /* by a person: until then it follows the work */
	struct cursor text;    /* in the statements of the one under the cursor */
	bool in_text;          /* movement goes there */
};

/* Work on live, from its first moment on; before that, the rehearsal's. */
static bool on_live(const struct model *model)
{
	return model->gates[GATE_APPLY].began_ms > 0;
}

static const struct model_work *work_of(const struct model *model, const struct model_migration *migration)
{
	return on_live(model) ? &migration->applied : &migration->rehearsed;
}

/* What this run carries out: pending ones, and what was applied in it. */
static bool is_carried_out(const struct model_migration *migration)
{
	return strcmp(migration->state, "pending") == 0 || strcmp(migration->state, "partial") == 0 ||
	       migration->applied.state != WORK_WAITING || migration->rehearsed.state != WORK_WAITING;
}

struct work_list {
	LIST(size_t) items; /* indexes of migrations */
	size_t done, current;
	int64_t promised_ms, promised_done_ms;
};

static struct work_list list_work(const struct scene *scene)
{
	struct work_list list = {.current = SIZE_MAX};
	const struct model *model = scene->model;

	for (size_t i = 0; i < model->migrations.count; i++) {
		const struct model_migration *migration = &model->migrations.items[i];
		if (!is_carried_out(migration))
			continue;
		bool done = work_of(model, migration)->state == WORK_DONE;
		if (i == model->current)
			list.current = list.items.count;
		list_push(scene->tick, &list.items, i);
		list.done += done;
		list.promised_ms += migration->promised_ms > 0 ? migration->promised_ms : 0;
		list.promised_done_ms += done && migration->promised_ms > 0 ? migration->promised_ms : 0;
	}
	return list;
}

static enum gate work_gate(const struct model *model)
{
	return on_live(model) ? GATE_APPLY : GATE_REHEARSAL;
}

static void draw_heading(const struct scene *scene, const struct work_list *list, const struct area *area)
{
	const struct model *model = scene->model;
	const struct model_gate *gate = &model->gates[work_gate(model)];
	bool live = on_live(model);
	int column = area_put(area, 0, 0, live ? STYLE_CAUTION : STYLE_STRONG,
	                      live ? "apply on LIVE: " : "rehearsal on a copy: ");

	column = sign_put(area, 0, column, sign_of_gate(gate->state));
	column = area_print(area, 0, column, STYLE_TEXT, "   %zu of %zu migrations", list->done, list->items.count);
	if (gate->state == GATE_RUNNING)
		area_print(area, 0, column, STYLE_TEXT, "   %s", clock_text(scene->tick, scene->now_ms - gate->began_ms));
	column = area_bar(area, 1, 0, BAR, STYLE_BUSY, (int64_t)list->done, (int64_t)list->items.count);
	if (list->promised_ms > 0)
		area_print(area, 1, column + 1, STYLE_DIM, "rehearsed time %s, of which %s is done",
		           short_duration(scene->tick, list->promised_ms),
		           short_duration(scene->tick, list->promised_done_ms));
	else
		area_put(area, 1, column + 1, STYLE_DIM, live ? "" : "the rehearsal will tell how long each takes");
}

static void draw_row(const struct scene *scene, const struct area *area, int row, const struct model_migration *at,
                     bool cursor, enum style style)
{
	const struct model_work *work = work_of(scene->model, at);
	bool room = area->columns >= 64;
	int name_width = area->columns - NAME_AT - (room ? PROMISED_FROM_RIGHT : STATE_FROM_RIGHT) - 1;
	int64_t took = work->state == WORK_RUNNING ? scene->now_ms - work->began_ms : work->duration_ms;

	area_put_glyph(area, row, 0, sign_of_work(work->state).style, sign_of_work(work->state).glyph);
	area_put_width(area, row, 2, NAME_AT - 3, STYLE_TEXT, at->version);
	area_put_width(area, row, NAME_AT, name_width, STYLE_TEXT, at->name);
	if (room) {
		area_put(area, row, area->columns - PROMISED_FROM_RIGHT, STYLE_DIM,
		         on_live(scene->model) ? short_duration(scene->tick, at->promised_ms) : "");
		area_put(area, row, area->columns - TOOK_FROM_RIGHT, STYLE_TEXT,
		         work->state == WORK_WAITING ? "" : short_duration(scene->tick, took));
	}
	area_put(area, row, area->columns - STATE_FROM_RIGHT, sign_of_work(work->state).style,
	         sign_of_work(work->state).word);
	if (cursor)
		area_set_style(area, row, 0, -1, style);
}

static void follow(struct apply_state *view, const struct work_list *list)
{
	if (!view->was_moved)
		view->cursor.at = list->current != SIZE_MAX ? list->current : list->done;
}

static void draw_list(struct apply_state *view, const struct scene *scene, const struct work_list *list,
                      const struct area *area)
{
	area_put(area, 0, 2, STYLE_HEADING, "version");
	area_put(area, 0, NAME_AT, STYLE_HEADING, "name");
	if (area->columns >= 64) {
		area_put(area, 0, area->columns - PROMISED_FROM_RIGHT, STYLE_HEADING,
		         on_live(scene->model) ? "rehearsed" : "");
		area_put(area, 0, area->columns - TOOK_FROM_RIGHT, STYLE_HEADING, "took");
	}
	area_put(area, 0, area->columns - STATE_FROM_RIGHT, STYLE_HEADING, "state");
	follow(view, list);
	cursor_keep(&view->cursor, list->items.count, area->rows - 1);
	for (int row = 1; row < area->rows; row++) {
		size_t at = view->cursor.top + (size_t)row - 1;
		if (at >= list->items.count)
			return;
		draw_row(scene, area, row, &scene->model->migrations.items[list->items.items[at]], at == view->cursor.at,
		         view->in_text ? STYLE_STRONG : STYLE_CURSOR);
	}
}

/* PostgreSQL reports progress of these and of nothing else that a migration does (manual, section 28.4). */
static bool has_progress_view(const char *tag)
{
	static const char *const TAGS[] = {"CREATE INDEX", "REINDEX", "VACUUM", "ANALYZE", "CLUSTER", "COPY"};

	for (size_t i = 0; i < sizeof(TAGS) / sizeof(TAGS[0]); i++)
		if (strcmp(TAGS[i], tag) == 0)
			return true;
	return false;
}

/* How far the statement at work is: its own phase's figures, or the honest word that there are none. */
static void write_progress(struct paper *paper, const struct scene *scene, const char *tag, int64_t since_ms)
{
	const struct model_sample *sample = model_sample(scene->model, "statement");
	_cleanup_strbuf_ struct strbuf text = {0};

	if (!sample || sample->at_ms < since_ms) {
		paper_field(paper, 11, "progress", STYLE_DIM,
		            has_progress_view(tag) ? "none has been reported yet"
		                                   : "PostgreSQL has no progress view for this command");
		return;
	}
	strbuf_puts(&text, json_get_text(sample->values, "phase") ? json_get_text(sample->values, "phase") : "at work");
	if (json_get_int(sample->values, "percent") >= 0)
		strbuf_printf(&text, ", %" PRId64 " %% of this phase", json_get_int(sample->values, "percent"));
	if (json_get_text(sample->values, "rate"))
		strbuf_printf(&text, ", %s", json_get_text(sample->values, "rate"));
	if (json_has(sample->values, "remaining_ms") && json_get_int(sample->values, "remaining_ms") >= 0)
		strbuf_printf(&text, ", about %s left in it",
		              short_duration(scene->tick, json_get_int(sample->values, "remaining_ms")));
	paper_field(paper, 11, "progress", STYLE_BUSY, strbuf_text(&text));
}

static void write_retry(struct paper *paper, const struct scene *scene, int64_t since_ms)
{
	const struct model_sample *sample = model_sample(scene->model, "retry");
	const char *blocker, *guard;

	if (!sample || sample->at_ms < since_ms)
		return;
	blocker = json_get_text(sample->values, "blocker");
	guard = json_get_text(sample->values, "guard");
	paper_field(paper, 11, "retry", STYLE_CAUTION,
	            arena_printf(scene->tick, "attempt %" PRId64 "%s%s%s%s", json_get_int(sample->values, "attempt"),
	                         guard ? ", " : "", guard ? guard : "", blocker ? ", blocked by " : "",
	                         blocker ? blocker : ""));
}

static const char *locks_text(const struct scene *scene, const struct model_statement *statement)
{
	_cleanup_strbuf_ struct strbuf text = {0};

	for (size_t i = 0; i < statement->locks.count; i++)
		strbuf_printf(&text, "%s%s %s", i ? ", " : "", statement->locks.items[i].mode,
		              statement->locks.items[i].relation);
	return arena_strdup(scene->tick, strbuf_text(&text));
}

/* `number` is the first of `statement`'s, counted in its step. */
static void write_statement(struct paper *paper, const struct scene *scene, const struct model_work *work,
                            const struct model_statement *statement, int64_t step, int64_t number)
{
	int64_t last = number + statement->count - 1;
	bool here = work->step == step && work->statement >= number && work->statement <= last;
	bool done = work->state == WORK_DONE || step < work->step || (step == work->step && last < work->statement);
	enum work_state state = here && work->state != WORK_DONE ? work->state : done ? WORK_DONE : WORK_WAITING;
	struct sign sign = sign_of_work(work->state == WORK_WAITING ? WORK_WAITING : state);

	paper_line(paper);
	paper_span(paper, sign.style, "%-8s", sign.word);
	paper_span(paper, STYLE_TEXT, "%" PRId64 ".%" PRId64, step, number);
	paper_tab(paper, 14);
	paper_span(paper, STYLE_CODE_KEYWORD, "%s", statement->tag);
	if (statement->count > 1)
		paper_span(paper, STYLE_DIM, " and %" PRId64 " alike", statement->count - 1);
	paper_span(paper, STYLE_DIM, "  line %" PRId64 "  ", statement->line);
	paper_text(paper, STYLE_TEXT, 14, locks_text(scene, statement));
	if (here && work->state == WORK_RUNNING) {
		paper_field(paper, 11, "running", STYLE_BUSY,
		            clock_text(scene->tick, scene->now_ms - work->statement_began_ms));
		write_progress(paper, scene, statement->tag, work->statement_began_ms);
		write_retry(paper, scene, work->statement_began_ms);
	}
}

enum { STATEMENTS_MAX = 400 }; /* shown of a step: the file has them all */

static void write_migration(struct paper *paper, const struct scene *scene, const struct model_migration *at)
{
	const struct model_work *work = work_of(scene->model, at);

	if (on_live(scene->model) && at->promised_ms >= 0 && work->state == WORK_DONE)
		paper_field(paper, 11, "promised", STYLE_TEXT,
		            arena_printf(scene->tick, "%s by the rehearsal, %s on live",
		                         short_duration(scene->tick, at->promised_ms),
		                         short_duration(scene->tick, work->duration_ms)));
	if (at->reason)
		paper_field(paper, 11, "because", STYLE_CAUTION, at->reason);
	for (size_t i = 0; i < at->steps.count; i++) {
		const struct model_step *step = &at->steps.items[i];
		int64_t number = 1;
		paper_line(paper);
		paper_span(paper, STYLE_DIM, "step %zu of %zu, %s", i + 1, at->steps.count,
		           step->transactional ? "one transaction" : "outside transactions");
		if (step->reason)
			paper_field(paper, 11, "", STYLE_DIM, step->reason);
		for (size_t j = 0; j < step->statements.count && j < STATEMENTS_MAX; j++) {
			write_statement(paper, scene, work, &step->statements.items[j], (int64_t)i + 1, number);
			number += step->statements.items[j].count;
		}
		if (step->statements.count > STATEMENTS_MAX) {
			paper_line(paper);
			paper_span(paper, STYLE_DIM, "and %zu more", step->statements.count - STATEMENTS_MAX);
		}
	}
	if (work->error)
		paper_field(paper, 11, "error", STYLE_BAD, work->error);
}

/* The line of the statement at work is in view. */
static size_t line_at_work(const struct paper *paper)
{
	for (size_t i = 0; i < paper->lines.count; i++)
		if (paper->lines.items[i].spans.count &&
		    (paper->lines.items[i].spans.items[0].style == STYLE_BUSY ||
		     paper->lines.items[i].spans.items[0].style == STYLE_BAD))
			return i;
	return 0;
}

static void draw_migration(struct apply_state *view, const struct scene *scene, const struct model_migration *at,
                           const struct area *area)
{
	struct area body = area_part(area, 1, 1, -1, -1);
	struct paper paper = paper_on(scene->tick, body.columns - 2);

	area_rule(area, 0, view->in_text ? STYLE_STRONG : STYLE_DIM,
	          arena_printf(scene->tick, "%s %s", at->version, at->name));
	write_migration(&paper, scene, at);
	size_t line = line_at_work(&paper), room = body.rows > 0 ? (size_t)body.rows : 0;
	if (!view->in_text)
		view->text.top = line + 4 > room ? line + 4 - room : 0;
	if (view->text.top + room > paper.lines.count)
		view->text.top = paper.lines.count > room ? paper.lines.count - room : 0;
	view->text.rows = body.rows;
	view->text.at = paper.lines.count;
	paper_draw(&body, &paper, view->text.top);
}

/* The newest lines that are about the work; our own reading of live is in the Log view. */
static void draw_log(const struct scene *scene, const struct area *area)
{
	const struct model *model = scene->model;
	int row = area->rows;

	area_rule(area, 0, STYLE_DIM, "log");
	for (size_t i = model->line_count; i-- > 0 && row > 1;) {
		const struct model_line *line = model_line(model, i);
		bool bad = strcmp(line->level, "error") == 0 || strcmp(line->level, "warning") == 0;
		if (strcmp(line->level, "debug") != 0)
			area_put_width(area, --row, 1, area->columns - 1, bad ? STYLE_CAUTION : STYLE_DIM, line->text);
	}
}

/* What is done to others, as long as it is done; returns the rows that it took from the top. */
static int draw_impact(const struct scene *scene, const struct area *area)
{
	if (!on_live(scene->model) || area->rows < IMPACT_FROM_ROWS)
		return 0;
	struct paper paper = impact_write(scene, area->canvas, area->columns);
	if (paper.lines.count == 0)
		return 0;
	struct area body = area_part(area, 1, 0, (int)paper.lines.count, -1);
	area_rule(area, 0, STYLE_DIM, "impact on others");
	area_put(area, 0, area->columns - 9, STYLE_KEY, " 4 more ");
	paper_draw(&body, &paper, 0);
	return 1 + body.rows;
}

static void draw(void *state, const struct scene *scene, const struct area *area)
{
	struct apply_state *view = state;
	struct work_list list = list_work(scene);

	if (scene->model->migrations.count == 0) {
		absence_put(area, 1, scene->model);
		return;
	}
	draw_heading(scene, &list, area);
	if (list.items.count == 0) {
		area_put(area, 3, 0, STYLE_TEXT, "Nothing is pending: there is nothing to carry out.");
		return;
	}
	struct area below = area_part(area, 2, 0, -1, -1);
	int top = 2 + draw_impact(scene, &below);
	int log_rows = area->rows >= 20 ? LOG_ROWS : 0, left = area->rows - top - log_rows;
	int list_rows = (int)list.items.count + 1 < left / 2 ? (int)list.items.count + 1 : left / 2;
	struct area rows = area_part(area, top, 0, list_rows, -1);
	draw_list(view, scene, &list, &rows);
	struct area one = area_part(area, top + list_rows, 0, left - list_rows, -1);
	if (one.rows > 1)
		draw_migration(view, scene, &scene->model->migrations.items[list.items.items[view->cursor.at]], &one);
	struct area log = area_part(area, area->rows - log_rows, 0, -1, -1);
	if (log_rows > 0)
		draw_log(scene, &log);
}

static bool act(void *state, const struct scene *scene, enum action action)
{
	struct apply_state *view = state;
	struct work_list list = list_work(scene);

	if (action == ACTION_FOLLOW) {
		view->was_moved = view->in_text = false;
		return true;
	}
	if (action == ACTION_OPEN || action == ACTION_NEXT_PART || action == ACTION_PREVIOUS_PART) {
		view->in_text = !view->in_text;
		return true;
	}
	if (action == ACTION_BACK && view->in_text) {
		view->in_text = false;
		return true;
	}
	if (view->in_text)
		return cursor_scroll(&view->text, view->text.at, action);
	follow(view, &list);
	if (!cursor_move(&view->cursor, list.items.count, action))
		return false;
	view->was_moved = true;
	return true;
}

static struct place focused(void *state, const struct scene *scene)
{
	struct apply_state *view = state;
	struct work_list list = list_work(scene);
	bool there = view->cursor.at < list.items.count;

	return (struct place){
		.version = there ? scene->model->migrations.items[list.items.items[view->cursor.at]].version : NULL,
		.gate = work_gate(scene->model),
	};
}

static void focus(void *state, const struct scene *scene, const struct place *place)
{
	struct apply_state *view = state;
	struct work_list list = list_work(scene);
	const struct model_migration *wanted = model_find(scene->model, place->version);

	if (!view->was_moved && list.current != SIZE_MAX)
		return; /* it stays with the work */
	for (size_t i = 0; wanted && i < list.items.count; i++) {
		if (&scene->model->migrations.items[list.items.items[i]] != wanted)
			continue;
		view->cursor.at = i;
		view->was_moved = true;
	}
}

static void plain(void *state, const struct scene *scene, struct strbuf *out)
{
	struct work_list list = list_work(scene);

	(void)state;
	strbuf_printf(out, "%s: %s, %zu of %zu migrations\n",
	              on_live(scene->model) ? "apply on live" : "rehearsal on a copy",
	              sign_of_gate(scene->model->gates[work_gate(scene->model)].state).word, list.done, list.items.count);
	if (on_live(scene->model)) {
		struct canvas *signs = canvas_open(1, 1, true);
		struct paper impact = impact_write(scene, signs, 0);
		paper_plain(&impact, out);
		canvas_close(signs);
	}
	for (size_t i = 0; i < list.items.count; i++) {
		const struct model_migration *at = &scene->model->migrations.items[list.items.items[i]];
		struct paper paper = paper_on(scene->tick, 0);
		strbuf_printf(out, "\nmigration %s %s: %s\n", at->version, at->name,
		              sign_of_work(work_of(scene->model, at)->state).word);
		write_migration(&paper, scene, at);
		paper_plain(&paper, out);
	}
}

static const char *copy(void *state, const struct scene *scene)
{
	struct place place = focused(state, scene);
	const struct model_migration *at = model_find(scene->model, place.version);
	_cleanup_strbuf_ struct strbuf text = {0};
	struct paper paper = paper_on(scene->tick, 0);

	if (!at)
		return NULL;
	write_migration(&paper, scene, at);
	paper_plain(&paper, &text);
	return arena_strdup(scene->tick, strbuf_text(&text));
}

const struct view_row view_apply = {
	.name = "apply",
	.title = "Apply",
	.digit = '6',
	.state_bytes = sizeof(struct apply_state),
	.draw = draw,
	.act = act,
	.focus = focus,
	.focused = focused,
	.plain = plain,
	.copy = copy,
};
