/* The log: every statement sent and everything said, newest at the bottom; filtered by level and by text. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/stamp.h"
#include "console/cursor.h"
#include "console/terminal/paper.h"
#include "console/terminal/signs.h"
#include "console/views/views.h"

enum { TIME_COLUMNS = 12, LEVEL_AT = 13, GATE_AT = 21, TEXT_AT = 31, DETAIL_ROWS_MAX = 8, FIND_BYTES = 128 };

struct log_state {
	struct cursor cursor;
	bool was_moved;        /* else the cursor is on the newest line */
	int threshold;         /* index in THRESHOLDS: what weighs less is not shown */
	char find[FIND_BYTES]; /* "" = none */
	bool only_matches;
};

/* From the least to the weightiest; a threshold shows itself and what weighs more. */
static const struct {
	const char *name;
	enum style style;
	int weight;
} LEVELS[] = {
	{"debug", STYLE_DIM, 0},        {"step", STYLE_TEXT, 1},    {"info", STYLE_TEXT, 2},  {"gate", STYLE_STRONG, 3},
	{"request", STYLE_STRONG, 3},   {"notice", STYLE_TEXT, 3},  {"warning", STYLE_CAUTION, 4},
	{"error", STYLE_BAD, 5},
};
/* In the order of the key that goes through them; our own reading of live, thousands of lines, comes last. */
static const struct {
	const char *name;
	int weight;
} THRESHOLDS[] = {
	{"steps and all above", 1}, {"info and above", 2}, {"gates, notices and above", 3},
	{"warnings and errors", 4}, {"errors", 5},         {"every statement", 0},
};
enum { LEVEL_COUNT = sizeof(LEVELS) / sizeof(LEVELS[0]), THRESHOLD_COUNT = sizeof(THRESHOLDS) / sizeof(THRESHOLDS[0]) };

static size_t level_of(const struct model_line *line)
{
	for (size_t i = 0; i < LEVEL_COUNT; i++)
		if (strcmp(LEVELS[i].name, line->level) == 0)
			return i;
	return 0;
}

static bool matches(const struct log_state *view, const struct model_line *line)
{
	return view->find[0] &&
	       (strcasestr(line->text, view->find) || (line->detail && strcasestr(line->detail, view->find)));
}

static bool is_shown(const struct log_state *view, const struct model_line *line)
{
	return LEVELS[level_of(line)].weight >= THRESHOLDS[view->threshold].weight &&
	       (!view->only_matches || !view->find[0] || matches(view, line));
}

struct shown {
	LIST(size_t) items; /* indexes of lines */
};

static struct shown list_shown(const struct log_state *view, const struct scene *scene)
{
	struct shown shown = {0};

	for (size_t i = 0; i < scene->model->line_count; i++)
		if (is_shown(view, model_line(scene->model, i)))
			list_push(scene->tick, &shown.items, i);
	return shown;
}

/* "14:02:11.102": the day is the run's. */
static const char *time_of(const struct scene *scene, const struct model_line *line)
{
	const char *stamp = stamp_text(scene->tick, line->at_ms);
	return arena_strndup(scene->tick, stamp + 11, TIME_COLUMNS);
}

static void draw_row(const struct log_state *view, const struct scene *scene, const struct area *area, int row,
                     const struct model_line *line, bool cursor)
{
	enum style style = LEVELS[level_of(line)].style;
	const char *took = short_duration(scene->tick, line->duration_ms);
	int width = area->columns - TEXT_AT - (*took ? 9 : 0);

	if (area->columns < 60) {
		area_put_width(area, row, 0, area->columns, style, line->text);
	} else {
		area_put(area, row, 0, STYLE_DIM, time_of(scene, line));
		area_put(area, row, LEVEL_AT, style, line->level);
		area_put(area, row, GATE_AT, STYLE_DIM, line->gate == GATE_COUNT ? "" : gate_get(line->gate)->name);
		area_put_width(area, row, TEXT_AT, width, style, line->text);
		area_put(area, row, area->columns - text_columns(took), STYLE_DIM, took);
	}
	if (matches(view, line))
		area_set_style(area, row, area->columns < 60 ? 0 : TEXT_AT, width, STYLE_MATCH);
	if (cursor)
		area_set_style(area, row, 0, -1, STYLE_CURSOR);
}

static void write_line(struct paper *paper, const struct scene *scene, const struct model_line *line)
{
	paper_text(paper, LEVELS[level_of(line)].style, 0, line->text);
	if (line->detail) {
		paper_line(paper);
		paper_text(paper, STYLE_TEXT, 2, line->detail);
	}
	if (line->duration_ms >= 0)
		paper_field(paper, 10, "took", STYLE_TEXT, short_duration(scene->tick, line->duration_ms));
}

static void draw_heading(const struct log_state *view, const struct scene *scene, const struct shown *shown,
                         const struct area *area)
{
	int column = area_print(area, 0, 0, STYLE_DIM, "shown: %s, %zu of %zu lines", THRESHOLDS[view->threshold].name,
	                        shown->items.count, scene->model->line_count);

	if (scene->model->lines_dropped > 0)
		column = area_print(area, 0, column, STYLE_DIM, "; %lld older ones are in the record only",
		                    (long long)scene->model->lines_dropped);
	if (view->find[0])
		area_print(area, 0, column, STYLE_MATCH, "; %s %s", view->only_matches ? "only" : "marked:", view->find);
}

static void draw(void *state, const struct scene *scene, const struct area *area)
{
	struct log_state *view = state;
	struct shown shown = list_shown(view, scene);
	struct paper paper = paper_on(scene->tick, area->columns - 2);

	draw_heading(view, scene, &shown, area);
	if (!view->was_moved)
		view->cursor.at = shown.items.count;
	cursor_keep(&view->cursor, shown.items.count, 1);
	if (shown.items.count > 0)
		write_line(&paper, scene, model_line(scene->model, shown.items.items[view->cursor.at]));
	int detail = paper.lines.count > DETAIL_ROWS_MAX ? DETAIL_ROWS_MAX : (int)paper.lines.count;
	if (area->rows < 12 || detail == 0)
		detail = 0;
	struct area list = area_part(area, 1, 0, area->rows - 1 - (detail ? detail + 1 : 0), -1);
	cursor_keep(&view->cursor, shown.items.count, list.rows);
	for (int row = 0; row < list.rows && view->cursor.top + (size_t)row < shown.items.count; row++) {
		size_t at = view->cursor.top + (size_t)row;
		draw_row(view, scene, &list, row, model_line(scene->model, shown.items.items[at]), at == view->cursor.at);
	}
	if (detail == 0)
		return;
	struct area under = area_part(area, area->rows - detail - 1, 0, -1, -1);
	area_rule(&under, 0, STYLE_DIM, "line");
	struct area body = area_part(&under, 1, 1, -1, -1);
	paper_draw(&body, &paper, 0);
}

/* The next line that matches, from the cursor on and around the end. */
static void find_next(struct log_state *view, const struct scene *scene, bool forward)
{
	struct shown shown = list_shown(view, scene);
	size_t count = shown.items.count;

	for (size_t i = 1; i <= count; i++) {
		size_t at = (view->cursor.at + (forward ? i : count - i)) % count;
		if (!matches(view, model_line(scene->model, shown.items.items[at])))
			continue;
		view->cursor.at = at;
		view->was_moved = true;
		return;
	}
	console_say(scene->console, STYLE_CAUTION, "nothing matches \"%s\"", view->find);
}

static bool act(void *state, const struct scene *scene, enum action action)
{
	struct log_state *view = state;
	struct shown shown = list_shown(view, scene);

	switch ((int)action) {
	case ACTION_LEVEL:
		view->threshold = (view->threshold + 1) % THRESHOLD_COUNT;
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
	if (!view->was_moved)
		view->cursor.at = shown.items.count ? shown.items.count - 1 : 0;
	if (!cursor_move(&view->cursor, shown.items.count, action))
		return false;
	view->was_moved = view->cursor.at + 1 < shown.items.count;
	return true;
}

static void find(void *state, const struct scene *scene, const char *text, bool only_matches)
{
	struct log_state *view = state;

	snprintf(view->find, sizeof(view->find), "%s", text);
	view->only_matches = only_matches;
	if (*text && !only_matches)
		find_next(view, scene, false);
}

static void plain(void *state, const struct scene *scene, struct strbuf *out)
{
	(void)state;
	for (size_t i = 0; i < scene->model->line_count; i++) {
		const struct model_line *line = model_line(scene->model, i);
		struct paper paper = paper_on(scene->tick, 0);
		strbuf_printf(out, "%s %s%s%s: ", stamp_text(scene->tick, line->at_ms), line->level,
		              line->gate == GATE_COUNT ? "" : " in ",
		              line->gate == GATE_COUNT ? "" : gate_get(line->gate)->name);
		write_line(&paper, scene, line);
		paper_plain(&paper, out);
	}
}

static const char *copy(void *state, const struct scene *scene)
{
	struct log_state *view = state;
	struct shown shown = list_shown(view, scene);
	_cleanup_strbuf_ struct strbuf text = {0};
	struct paper paper = paper_on(scene->tick, 0);

	if (view->cursor.at >= shown.items.count)
		return NULL;
	write_line(&paper, scene, model_line(scene->model, shown.items.items[view->cursor.at]));
	paper_plain(&paper, &text);
	return arena_strdup(scene->tick, strbuf_text(&text));
}

const struct view_row view_log = {
	.name = "log",
	.title = "Log",
	.digit = '7',
	.state_bytes = sizeof(struct log_state),
	.draw = draw,
	.act = act,
	.find = find,
	.plain = plain,
	.copy = copy,
};
