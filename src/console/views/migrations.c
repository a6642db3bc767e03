/* The migrations in their order, applied above, pending below, and an inspector for the one under the cursor. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "console/code.h"
#include "console/cursor.h"
#include "console/model/source.h"
#include "console/terminal/paper.h"
#include "console/terminal/signs.h"
#include "console/views/views.h"

enum tab { TAB_INFO, TAB_SQL, TAB_LOCKS, TAB_NEEDS, TAB_RUNS, TAB_COUNT };
static const char *const TABS[TAB_COUNT] = {"Info", "SQL", "Locks", "Needs", "Runs"};

enum { SIDE_BY_SIDE_FROM = 110, FIND_BYTES = 128, INDENT = 13 };

struct migrations_state {
	struct cursor cursor, text; /* in the list, in the inspector */
	bool was_moved;
	bool in_inspector;
	enum tab tab;
	char find[FIND_BYTES];
	bool only_matches;
	struct source source;
};

struct shown {
	LIST(size_t) items; /* indexes of migrations */
	size_t divider;     /* the first that is not applied: where we are */
};

static bool is_applied(const struct model_migration *migration)
{
	return strcmp(migration->state, "applied") == 0;
}

static bool matches(const struct migrations_state *view, const struct model_migration *migration)
{
	return view->find[0] && (strcasestr(migration->version, view->find) || strcasestr(migration->name, view->find) ||
	                         strcasestr(migration->state, view->find) ||
	                         (migration->description && strcasestr(migration->description, view->find)));
}

static struct shown list_shown(const struct migrations_state *view, const struct scene *scene)
{
	struct shown shown = {0};
	const struct model *model = scene->model;

	for (size_t i = 0; i < model->migrations.count; i++) {
		const struct model_migration *migration = &model->migrations.items[i];
		if (view->only_matches && view->find[0] && !matches(view, migration))
			continue;
		list_push(scene->tick, &shown.items, i);
		if (is_applied(migration))
			shown.divider = shown.items.count;
	}
	return shown;
}

static const struct model_migration *at_cursor(const struct migrations_state *view, const struct scene *scene,
                                               const struct shown *shown)
{
	return view->cursor.at < shown->items.count ? &scene->model->migrations.items[shown->items.items[view->cursor.at]]
	                                            : NULL;
}

/* Until somebody moves it, the cursor is on the work, else on the first that is not applied. */
static void follow(struct migrations_state *view, const struct scene *scene, const struct shown *shown)
{
	if (view->was_moved)
		return;
	view->cursor.at = shown->divider;
	for (size_t i = 0; i < shown->items.count; i++)
		if (shown->items.items[i] == scene->model->current)
			view->cursor.at = i;
}

/* The columns that there is room for: first the estimate goes, then the lock; a name has NAME_MIN at least. */
struct columns {
	int version, name_at, name, lock_at, time_at, gates_at;
};

enum { NAME_MIN = 26, LOCK_WIDTH = 23, TIME_WIDTH = 10 };

static struct columns lay_out(const struct scene *scene, const struct shown *shown, int width)
{
	struct columns columns = {.version = 7, .lock_at = -1, .time_at = -1, .gates_at = -1};

	for (size_t i = 0; i < shown->items.count; i++) {
		int length = (int)strlen(scene->model->migrations.items[shown->items.items[i]].version);
		columns.version = length > columns.version ? length : columns.version;
	}
	columns.name_at = 11 + columns.version + 1;
	int left = width - columns.name_at - NAME_MIN, right = width;
	if (left >= GATE_COUNT + 1 + LOCK_WIDTH + TIME_WIDTH) {
		columns.gates_at = right -= GATE_COUNT + 1;
		left -= GATE_COUNT + 1;
	}
	bool lock = left >= LOCK_WIDTH, time = left >= LOCK_WIDTH + TIME_WIDTH;
	if (time)
		columns.time_at = right -= TIME_WIDTH;
	if (lock)
		columns.lock_at = right -= LOCK_WIDTH;
	columns.name = right - columns.name_at - 1;
	return columns;
}

/* The checklist as far as it concerns what is pending: a glyph for each gate. */
static void draw_gates(const struct scene *scene, const struct area *area, int row, int column)
{
	for (enum gate gate = 0; gate < GATE_COUNT; gate++) {
		struct sign sign = sign_of_gate(scene->model->gates[gate].state);
		area_put_glyph(area, row, column + (int)gate, sign.style, sign.glyph);
	}
}

static const char *time_of(const struct scene *scene, const struct model_migration *migration)
{
	if (migration->applied.state == WORK_RUNNING)
		return clock_text(scene->tick, scene->now_ms - migration->applied.began_ms);
	if (migration->applied.state == WORK_DONE)
		return short_duration(scene->tick, migration->applied.duration_ms);
	return is_applied(migration) ? "" : short_duration(scene->tick, migration->promised_ms);
}

static struct sign state_of(const struct model_migration *migration)
{
	if (migration->applied.state == WORK_RUNNING || migration->applied.state == WORK_FAILED)
		return sign_of_work(migration->applied.state);
	return sign_of_migration(migration->state);
}

static void draw_row(const struct migrations_state *view, const struct scene *scene, const struct area *area, int row,
                     const struct columns *columns, const struct model_migration *migration, bool cursor)
{
	struct sign sign = state_of(migration);
	enum style style = is_applied(migration) ? STYLE_DIM : STYLE_TEXT;
	int column = area_put_glyph(area, row, 0, sign.style, sign.glyph);

	area_put_width(area, row, column + 1, 8, sign.style, sign.word);
	area_put(area, row, 11, style, migration->version);
	area_put_width(area, row, columns->name_at, columns->name, style, migration->name);
	if (matches(view, migration))
		area_set_style(area, row, columns->name_at, columns->name, STYLE_MATCH);
	if (columns->lock_at >= 0 && migration->strongest_lock && !is_applied(migration))
		area_put_width(area, row, columns->lock_at, LOCK_WIDTH - 1, style, migration->strongest_lock);
	if (columns->time_at >= 0)
		area_put(area, row, columns->time_at, style, time_of(scene, migration));
	if (columns->gates_at >= 0 && strcmp(migration->state, "pending") == 0)
		draw_gates(scene, area, row, columns->gates_at);
	if (cursor)
		area_set_style(area, row, 0, -1, view->in_inspector ? STYLE_STRONG : STYLE_CURSOR);
}

static void draw_head(const struct area *area, const struct columns *columns)
{
	area_put(area, 0, 2, STYLE_HEADING, "state");
	area_put(area, 0, 11, STYLE_HEADING, "version");
	area_put(area, 0, columns->name_at, STYLE_HEADING, "name");
	if (columns->lock_at >= 0)
		area_put(area, 0, columns->lock_at, STYLE_HEADING, "strongest lock");
	if (columns->time_at >= 0)
		area_put(area, 0, columns->time_at, STYLE_HEADING, "takes");
	if (columns->gates_at >= 0)
		area_put(area, 0, columns->gates_at, STYLE_HEADING, "gates");
}

/* The line between what is applied and what is not takes a row of its own. */
static void draw_list(struct migrations_state *view, const struct scene *scene, const struct shown *shown,
                      const struct area *area)
{
	struct columns columns = lay_out(scene, shown, area->columns);
	bool divided = shown->divider > 0 && shown->divider < shown->items.count;

	draw_head(area, &columns);
	cursor_keep(&view->cursor, shown->items.count, area->rows - 1 - divided);
	int row = 1;
	for (size_t at = view->cursor.top; at < shown->items.count && row < area->rows; at++) {
		if (divided && at == shown->divider)
			area_rule(area, row++, STYLE_DIM, "applied above, you are here");
		draw_row(view, scene, area, row++, &columns, &scene->model->migrations.items[shown->items.items[at]],
		         at == view->cursor.at);
	}
	if (scene->model->migrations.count == 0)
		absence_put(area, 2, scene->model);
	else if (shown->items.count == 0)
		area_print(area, 2, 2, STYLE_DIM, "Nothing matches \"%s\".", view->find);
}

static void write_info(struct paper *paper, const struct scene *scene, const struct model_migration *at)
{
	struct sign sign = state_of(at);

	paper_field(paper, INDENT, "state", sign.style, sign.word);
	paper_field(paper, INDENT, "because", STYLE_CAUTION, at->reason);
	paper_field(paper, INDENT, "description", STYLE_TEXT, at->description);
	paper_field(paper, INDENT, "file", STYLE_TEXT, at->file);
	paper_field(paper, INDENT, "applied at", STYLE_TEXT, at->applied_at);
	paper_field(paper, INDENT, "phase", STYLE_TEXT, at->phase);
	if (at->transaction) {
		bool atomic = strcmp(at->transaction, "transactional") == 0, none = strcmp(at->transaction, "none") == 0;
		paper_field(paper, INDENT, "transaction", atomic ? STYLE_TEXT : STYLE_BAD,
		            atomic ? "one: all of it or nothing"
		            : none ? "none: what fails half-way stays half-way"
		                   : "several: not atomic as a whole");
	}
	paper_field(paper, INDENT, "way back", at->has_down ? STYLE_TEXT : STYLE_CAUTION,
	            at->has_down ? "it has a down script" : "it has no down script");
	if (at->has_verify)
		paper_field(paper, INDENT, "verified", STYLE_TEXT, "by a verify script of its own");
	if (at->promised_ms >= 0)
		paper_field(paper, INDENT, "rehearsed", STYLE_TEXT, short_duration(scene->tick, at->promised_ms));
	if (at->promised_wal_bytes > 0)
		paper_field(paper, INDENT, "WAL", STYLE_TEXT, text_bytes(scene->tick, at->promised_wal_bytes));
	for (size_t i = 0; i < at->rewrites.count; i++)
		paper_field(paper, INDENT, i ? "" : "rewrites", STYLE_CAUTION, at->rewrites.items[i]);
	paper_field(paper, INDENT, "checksum", STYLE_DIM, at->checksum);
}

static void write_sql(struct paper *paper, struct migrations_state *view, const struct model_migration *at)
{
	source_read(&view->source, at);
	if (view->source.text)
		code_write(paper, view->source.text, view->source.length, 1);
	else
		paper_text(paper, STYLE_CAUTION, 0, view->source.why_not);
}

/* What a mode keeps others from (PostgreSQL manual, table 13.2), in the words of those who wait. */
static const char *keeps_out(const char *mode)
{
	if (strcmp(mode, "ACCESS EXCLUSIVE") == 0)
		return "nobody reads or writes meanwhile";
	if (strcmp(mode, "EXCLUSIVE") == 0 || strcmp(mode, "SHARE ROW EXCLUSIVE") == 0 || strcmp(mode, "SHARE") == 0)
		return "nobody writes meanwhile";
	if (strcmp(mode, "SHARE UPDATE EXCLUSIVE") == 0)
		return "reads and writes go on; no other change of the schema";
	return "reads and writes go on";
}

static void write_lock(struct paper *paper, const struct model_lock *lock)
{
	paper_line(paper);
	paper_span(paper, STYLE_STRONG, "%s", lock->relation);
	paper_span(paper, STYLE_TEXT, "  %s", lock->mode);
	paper_field(paper, 4, "", STYLE_DIM, keeps_out(lock->mode));
}

static void write_locks(struct paper *paper, const struct model_migration *at)
{
	if (at->locks.count > 0) {
		paper_heading(paper, "as rehearsed");
		for (size_t i = 0; i < at->locks.count; i++)
			write_lock(paper, &at->locks.items[i]);
	}
	paper_heading(paper, "as the statements say");
	for (size_t i = 0; i < at->steps.count; i++)
		for (size_t j = 0; j < at->steps.items[i].statements.count; j++) {
			const struct model_statement *statement = &at->steps.items[i].statements.items[j];
			for (size_t k = 0; k < statement->locks.count; k++) {
				paper_line(paper);
				paper_span(paper, STYLE_DIM, "line %-5" PRId64, statement->line);
				paper_span(paper, STYLE_TEXT, "%s  %s", statement->locks.items[k].relation,
				           statement->locks.items[k].mode);
			}
		}
	if (at->steps.count == 0) {
		paper_line(paper);
		paper_span(paper, STYLE_DIM, "nothing is known: an applied file is not parsed");
	}
}

static void write_edge(struct paper *paper, const struct model_migration *other, const char *version,
                       const char *reason)
{
	struct sign sign = other ? state_of(other) : (struct sign){GLYPH_ATTENTION, STYLE_BAD, "not in the folder"};

	paper_line(paper);
	paper_span(paper, STYLE_STRONG, "%s %s", version, other ? other->name : "");
	paper_span(paper, sign.style, "  %s", sign.word);
	if (reason)
		paper_field(paper, 4, "", STYLE_TEXT, reason);
}

static const char *reason_of(const struct model_migration *from, size_t to)
{
	for (size_t i = 0; i < from->needs.count; i++)
		if (from->needs.items[i].migration == to)
			return from->needs.items[i].reason;
	return NULL;
}

static void write_needs(struct paper *paper, const struct scene *scene, const struct model_migration *at)
{
	const struct model *model = scene->model;
	size_t self = (size_t)(at - model->migrations.items);

	paper_heading(paper, at->needs.count ? "needs" : "needs nothing");
	for (size_t i = 0; i < at->needs.count; i++) {
		const struct model_edge *edge = &at->needs.items[i];
		write_edge(paper, edge->migration == SIZE_MAX ? NULL : &model->migrations.items[edge->migration], edge->version,
		           edge->reason);
	}
	paper_heading(paper, at->needed_by.count ? "needed by" : "needed by none");
	for (size_t i = 0; i < at->needed_by.count; i++) {
		const struct model_migration *other = &model->migrations.items[at->needed_by.items[i]];
		write_edge(paper, other, other->version, reason_of(other, self));
	}
}

static void write_work(struct paper *paper, const struct scene *scene, const char *name, const struct model_work *work)
{
	struct sign sign = sign_of_work(work->state);

	paper_heading(paper, name);
	paper_field(paper, INDENT, "state", sign.style, sign.word);
	if (work->state == WORK_DONE)
		paper_field(paper, INDENT, "took", STYLE_TEXT, short_duration(scene->tick, work->duration_ms));
	if (work->began_ms > 0)
		paper_field(paper, INDENT, "began", STYLE_TEXT, age_text(scene->tick, work->began_ms, scene->now_ms));
	paper_field(paper, INDENT, "error", STYLE_BAD, work->error);
}

static void write_tab(struct paper *paper, struct migrations_state *view, const struct scene *scene,
                      const struct model_migration *at, enum tab tab)
{
	switch (tab) {
	case TAB_SQL:
		write_sql(paper, view, at);
		break;
	case TAB_LOCKS:
		write_locks(paper, at);
		break;
	case TAB_NEEDS:
		write_needs(paper, scene, at);
		break;
	case TAB_RUNS:
		write_work(paper, scene, "in this run's rehearsal", &at->rehearsed);
		write_work(paper, scene, "in this run, on live", &at->applied);
		paper_field(paper, INDENT, "applied at", STYLE_TEXT, at->applied_at);
		break;
	case TAB_INFO:
	case TAB_COUNT:
		write_info(paper, scene, at);
		break;
	}
}

static void draw_inspector(struct migrations_state *view, const struct scene *scene, const struct model_migration *at,
                           const struct area *area)
{
	struct area body = area_part(area, 2, 1, -1, -1);
	struct paper paper = paper_on(scene->tick, view->tab == TAB_SQL ? 0 : body.columns - 2);
	int column = 1;

	area_rule(area, 0, view->in_inspector ? STYLE_STRONG : STYLE_DIM,
	          arena_printf(scene->tick, "%s %s", at->version, at->name));
	for (enum tab tab = 0; tab < TAB_COUNT; tab++)
		column = area_print(area, 1, column, tab == view->tab ? STYLE_CURSOR : STYLE_DIM, " %s ", TABS[tab]);
	if (column + 30 < area->columns)
		area_put(area, 1, column + 2, STYLE_DIM, view->in_inspector ? "Esc: out of it" : "Enter: scroll in it");
	write_tab(&paper, view, scene, at, view->tab);
	view->text.rows = body.rows;
	view->text.at = paper.lines.count;
	size_t room = body.rows > 0 ? (size_t)body.rows : 0;
	if (view->text.top + room > paper.lines.count)
		view->text.top = paper.lines.count > room ? paper.lines.count - room : 0;
	paper_draw(&body, &paper, view->text.top);
}

/* The one that is read gets the room. */
static int list_rows_of(const struct migrations_state *view, int rows)
{
	return view->in_inspector ? rows / 4 + 1 : rows * 3 / 5;
}

static void draw(void *state, const struct scene *scene, const struct area *area)
{
	struct migrations_state *view = state;
	struct shown shown = list_shown(view, scene);
	bool wide = area->columns >= SIDE_BY_SIDE_FROM, tall = area->rows >= 14;
	int list_columns = wide ? area->columns * 3 / 5 : -1;
	int list_rows = wide || !tall ? -1 : list_rows_of(view, area->rows);

	follow(view, scene, &shown);
	if (!wide && !tall && view->in_inspector && at_cursor(view, scene, &shown)) {
		draw_inspector(view, scene, at_cursor(view, scene, &shown), area);
		return;
	}
	struct area list = area_part(area, 0, 0, list_rows, list_columns);
	draw_list(view, scene, &shown, &list);
	if ((!wide && !tall) || !at_cursor(view, scene, &shown))
		return;
	struct area inspector = wide ? area_part(area, 0, list_columns + 1, -1, -1) : area_part(area, list_rows, 0, -1, -1);
	draw_inspector(view, scene, at_cursor(view, scene, &shown), &inspector);
}

static void find_next(struct migrations_state *view, const struct scene *scene, bool forward)
{
	struct shown shown = list_shown(view, scene);
	size_t count = shown.items.count;

	for (size_t i = 1; i <= count; i++) {
		size_t at = (view->cursor.at + (forward ? i : count - i)) % count;
		if (!matches(view, &scene->model->migrations.items[shown.items.items[at]]))
			continue;
		view->cursor.at = at;
		view->was_moved = true;
		view->text.top = 0;
		return;
	}
	console_say(scene->console, STYLE_CAUTION, "nothing matches \"%s\"", view->find);
}

static bool act(void *state, const struct scene *scene, enum action action)
{
	struct migrations_state *view = state;
	struct shown shown = list_shown(view, scene);

	follow(view, scene, &shown);
	switch ((int)action) {
	case ACTION_OPEN:
		view->in_inspector = true;
		return true;
	case ACTION_BACK:
		if (!view->in_inspector)
			return false;
		view->in_inspector = false;
		return true;
	case ACTION_NEXT_PART:
	case ACTION_RIGHT:
		view->tab = (view->tab + 1) % TAB_COUNT;
		view->text.top = 0;
		return true;
	case ACTION_PREVIOUS_PART:
	case ACTION_LEFT:
		view->tab = (view->tab + TAB_COUNT - 1) % TAB_COUNT;
		view->text.top = 0;
		return true;
	case ACTION_FOLLOW:
		view->was_moved = false;
		return true;
	case ACTION_NEXT_MATCH:
	case ACTION_PREVIOUS_MATCH:
		if (!view->find[0])
			return false;
		find_next(view, scene, action == ACTION_NEXT_MATCH);
		return true;
	default:
		break;
	}
	if (view->in_inspector)
		return cursor_scroll(&view->text, view->text.at, action);
	if (!cursor_move(&view->cursor, shown.items.count, action))
		return false;
	view->was_moved = true;
	view->text.top = 0;
	return true;
}

static void find(void *state, const struct scene *scene, const char *text, bool only_matches)
{
	struct migrations_state *view = state;
	struct shown before = list_shown(view, scene);
	const struct model_migration *at = at_cursor(view, scene, &before);

	snprintf(view->find, sizeof(view->find), "%s", text);
	view->only_matches = only_matches;
	struct shown now = list_shown(view, scene);
	for (size_t i = 0; at && i < now.items.count; i++)
		if (&scene->model->migrations.items[now.items.items[i]] == at)
			view->cursor.at = i;
	if (*text && !only_matches && at && !matches(view, at))
		find_next(view, scene, true);
}

static void focus(void *state, const struct scene *scene, const struct place *place)
{
	struct migrations_state *view = state;
	struct shown shown = list_shown(view, scene);
	const struct model_migration *wanted = model_find(scene->model, place->version);

	for (size_t i = 0; wanted && i < shown.items.count; i++) {
		if (&scene->model->migrations.items[shown.items.items[i]] != wanted)
			continue;
		view->cursor.at = i;
		view->was_moved = true;
		view->text.top = 0;
	}
}

static struct place focused(void *state, const struct scene *scene)
{
	struct migrations_state *view = state;
	struct shown shown = list_shown(view, scene);
	const struct model_migration *at = at_cursor(view, scene, &shown);

	return (struct place){.version = at ? at->version : NULL, .gate = GATE_COUNT};
}

static void click(void *state, const struct scene *scene, int row, int column)
{
	struct migrations_state *view = state;
	struct shown shown = list_shown(view, scene);
	size_t at = view->cursor.top + (size_t)(row > 0 ? row - 1 : 0);
	bool divided = shown.divider > 0 && shown.divider < shown.items.count;

	(void)column;
	if (row < 1 || row > view->cursor.rows + divided)
		return;
	if (divided && at >= shown.divider && view->cursor.top < shown.divider)
		at = at == shown.divider ? at : at - 1;
	if (at >= shown.items.count)
		return;
	view->in_inspector = false;
	view->cursor.at = at;
	view->was_moved = true;
}

static void plain(void *state, const struct scene *scene, struct strbuf *out)
{
	struct migrations_state *view = state;
	const struct model *model = scene->model;

	strbuf_printf(out, "%zu applied, %zu pending, %zu held\n", model->applied_count, model->pending_count,
	              model->held_count);
	for (size_t i = 0; i < model->migrations.count; i++) {
		const struct model_migration *at = &model->migrations.items[i];
		struct paper paper = paper_on(scene->tick, 0);
		if (is_applied(at) && at->applied.state == WORK_WAITING) {
			strbuf_printf(out, "migration %s %s: applied\n", at->version, at->name);
			continue;
		}
		strbuf_printf(out, "\nmigration %s %s: %s\n", at->version, at->name, state_of(at).word);
		write_tab(&paper, view, scene, at, TAB_INFO);
		write_tab(&paper, view, scene, at, TAB_LOCKS);
		write_tab(&paper, view, scene, at, TAB_NEEDS);
		paper_plain(&paper, out);
	}
}

static const char *copy(void *state, const struct scene *scene)
{
	struct migrations_state *view = state;
	struct shown shown = list_shown(view, scene);
	const struct model_migration *at = at_cursor(view, scene, &shown);
	_cleanup_strbuf_ struct strbuf text = {0};
	struct paper paper = paper_on(scene->tick, 0);

	if (!at)
		return NULL;
	if (view->tab == TAB_SQL) {
		source_read(&view->source, at);
		return view->source.text ? arena_strndup(scene->tick, view->source.text, view->source.length) : NULL;
	}
	write_tab(&paper, view, scene, at, view->tab);
	paper_plain(&paper, &text);
	return arena_strdup(scene->tick, strbuf_text(&text));
}

static void let_go(void *state)
{
	struct migrations_state *view = state;
	source_clear(&view->source);
}

const struct view_row view_migrations = {
	.name = "migrations",
	.title = "Migrations",
	.digit = '1',
	.state_bytes = sizeof(struct migrations_state),
	.draw = draw,
	.act = act,
	.find = find,
	.focus = focus,
	.focused = focused,
	.click = click,
	.plain = plain,
	.copy = copy,
	.let_go = let_go,
};
