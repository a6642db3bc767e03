/* The manual pages, opened at what one looks at: the gate under the cursor, the check that failed. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "console/cursor.h"
#include "console/manual.h"
#include "console/terminal/paper.h"
#include "console/views/views.h"

enum { FIND_BYTES = 128 };

struct runbook_state {
	size_t page;        /* index in MANUAL */
	struct cursor text;
	char find[FIND_BYTES];
};

static size_t page_count(void)
{
	size_t count = 0;
	while (MANUAL[count].name)
		count++;
	return count;
}

static bool line_matches(const struct runbook_state *view, const struct paper_line *line)
{
	_cleanup_strbuf_ struct strbuf text = {0};

	for (size_t i = 0; i < line->spans.count; i++)
		strbuf_puts(&text, line->spans.items[i].text);
	return view->find[0] && strcasestr(strbuf_text(&text), view->find);
}

/* "pgsluice-runbook" is "runbook" where every page is ours. */
static const char *short_name(const char *name)
{
	static const char OURS[] = "pgsluice";
	size_t length = sizeof(OURS) - 1;
	return strncmp(name, OURS, length) == 0 && name[length] ? name + length + 1 : name;
}

static void draw(void *state, const struct scene *scene, const struct area *area)
{
	struct runbook_state *view = state;
	struct area body = area_part(area, 1, 0, -1, -1);
	struct paper paper = paper_on(scene->tick, 0);
	int column = 0;

	for (size_t i = 0; MANUAL[i].name; i++)
		column = area_print(area, 0, column, i == view->page ? STYLE_CURSOR : STYLE_DIM, " %s ",
		                    short_name(MANUAL[i].name));
	manual_write(&paper, &MANUAL[view->page]);
	view->text.rows = body.rows;
	view->text.at = paper.lines.count;
	size_t room = body.rows > 0 ? (size_t)body.rows : 0;
	if (view->text.top + room > paper.lines.count)
		view->text.top = paper.lines.count > room ? paper.lines.count - room : 0;
	paper_draw(&body, &paper, view->text.top);
	for (int row = 0; row < body.rows && view->text.top + (size_t)row < paper.lines.count; row++)
		if (line_matches(view, &paper.lines.items[view->text.top + (size_t)row]))
			area_set_style(&body, row, 0, -1, STYLE_MATCH);
}

static void turn_page(struct runbook_state *view, bool forward)
{
	size_t count = page_count();
	view->page = (view->page + (forward ? 1 : count - 1)) % count;
	view->text.top = 0;
}

static void find_next(struct runbook_state *view, const struct scene *scene, bool forward)
{
	struct paper paper = paper_on(scene->tick, 0);

	manual_write(&paper, &MANUAL[view->page]);
	size_t count = paper.lines.count;
	for (size_t i = 1; i <= count; i++) {
		size_t at = (view->text.top + (forward ? i : count - i)) % count;
		if (!line_matches(view, &paper.lines.items[at]))
			continue;
		view->text.top = at;
		return;
	}
	console_say(scene->console, STYLE_CAUTION, "\"%s\" is not in %s", view->find, MANUAL[view->page].name);
}

static void open_heading(struct runbook_state *view, size_t line)
{
	if (line != (size_t)-1)
		view->text.top = line;
}

static bool act(void *state, const struct scene *scene, enum action action)
{
	struct runbook_state *view = state;
	const struct manual_page *page = &MANUAL[view->page];

	switch ((int)action) {
	case ACTION_NEXT_PART:
	case ACTION_PREVIOUS_PART:
		turn_page(view, action == ACTION_NEXT_PART);
		return true;
	case ACTION_RIGHT:
	case ACTION_LEFT:
		open_heading(view, manual_next_heading(page, view->text.top, action == ACTION_RIGHT));
		return true;
	case ACTION_NEXT_MATCH:
	case ACTION_PREVIOUS_MATCH:
		if (!view->find[0])
			return false;
		find_next(view, scene, action == ACTION_NEXT_MATCH);
		return true;
	default:
		return cursor_scroll(&view->text, view->text.at, action);
	}
}

static void find(void *state, const struct scene *scene, const char *text, bool only_matches)
{
	struct runbook_state *view = state;

	(void)only_matches;
	snprintf(view->find, sizeof(view->find), "%s", text);
	if (*text)
		find_next(view, scene, true);
}

/* A place in the manual, else the runbook at the gate that one comes from. */
static void focus(void *state, const struct scene *scene, const struct place *place)
{
	struct runbook_state *view = state;

	const struct manual_page *page = place->page ? manual_find(place->page) : NULL;

	if (page)
		view->page = (size_t)(page - MANUAL);
	if (place->section)
		open_heading(view, manual_heading(&MANUAL[view->page], place->section));
	if (page || place->gate == GATE_COUNT)
		return;
	view->page = 0;
	open_heading(view, manual_heading(&MANUAL[0], arena_printf(scene->tick, "Gate %s", gate_get(place->gate)->name)));
}

static void plain(void *state, const struct scene *scene, struct strbuf *out)
{
	struct runbook_state *view = state;
	struct paper paper = paper_on(scene->tick, 0);

	manual_write(&paper, &MANUAL[view->page]);
	paper_plain(&paper, out);
}

const struct view_row view_runbook = {
	.name = "runbook",
	.title = "Runbook",
	.digit = '8',
	.state_bytes = sizeof(struct runbook_state),
	.draw = draw,
	.act = act,
	.find = find,
	.focus = focus,
	.plain = plain,
};
