/*
 * Which migration needs which, and why: as lanes, as layered boxes, or as a tree. The panel below says the reason of
 * every edge of the one under the cursor, all that it reaches, and the longest way through what is pending.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "console/cursor.h"
#include "console/graph/conflicts.h"
#include "console/graph/lanes.h"
#include "console/graph/layers.h"
#include "console/terminal/paper.h"
#include "console/terminal/signs.h"
#include "console/views/views.h"

enum mode { MODE_LANES, MODE_BOXES, MODE_TREE, MODE_COUNT };
static const char *const MODES[MODE_COUNT] = {"lanes", "boxes", "tree"};

enum { FIND_BYTES = 128, INDENT = 15, PANEL_ROWS_LEAST = 5, SIDE_BY_SIDE_FROM = 130, PANEL_COLUMNS = 56 };
enum { TREE_DEPTH_MAX = 200, CONFLICTS_SHOWN = 5 };

struct graph_state {
	struct cursor cursor; /* in all migrations */
	struct cursor tree;   /* in the rows of the tree */
	bool was_moved;
	bool inverted;        /* the tree shows who needs it */
	enum mode mode;
	struct cursor text;   /* in the panel */
	bool in_panel;        /* movement goes there */
	char find[FIND_BYTES];
};

static bool is_applied(const struct model_migration *migration)
{
	return strcmp(migration->state, "applied") == 0;
}

static bool matches(const struct graph_state *view, const struct model_migration *migration)
{
	return view->find[0] && (strcasestr(migration->version, view->find) || strcasestr(migration->name, view->find));
}

/* ---- what is reached from a migration ---- */

/* Marks all that a migration needs, or all that need it, itself not counted; returns how many. */
static size_t mark_reached(const struct scene *scene, size_t from, bool needs, bool *marks)
{
	const struct model *model = scene->model;
	LIST(size_t) open = {0};
	size_t count = 0;

	list_push(scene->tick, &open, from);
	for (size_t i = 0; i < open.count; i++) {
		const struct model_migration *at = &model->migrations.items[open.items[i]];
		size_t edges = needs ? at->needs.count : at->needed_by.count;
		for (size_t j = 0; j < edges; j++) {
			size_t other = needs ? at->needs.items[j].migration : at->needed_by.items[j];
			if (other == SIZE_MAX || marks[other])
				continue;
			marks[other] = true;
			count++;
			list_push(scene->tick, &open, other);
		}
	}
	return count;
}

/* The longest way through what is not applied, by rehearsed time: what the night takes at least. */
struct way {
	LIST(size_t) steps;
	int64_t takes_ms;
	bool is_known; /* all of it was rehearsed */
};

static struct way longest_way(const struct scene *scene)
{
	const struct model *model = scene->model;
	size_t count = model->migrations.count, end = SIZE_MAX;
	int64_t *takes = arena_alloc(scene->tick, (count + 1) * sizeof(*takes));
	size_t *before = arena_alloc(scene->tick, (count + 1) * sizeof(*before));
	struct way way = {.is_known = true};

	for (size_t i = 0; i < count; i++) {
		const struct model_migration *at = &model->migrations.items[i];
		before[i] = SIZE_MAX;
		if (strcmp(at->state, "pending") != 0)
			continue;
		for (size_t j = 0; j < at->needs.count; j++) {
			size_t needed = at->needs.items[j].migration;
			if (needed < i && takes[needed] > takes[i]) {
				takes[i] = takes[needed];
				before[i] = needed;
			}
		}
		takes[i] += at->promised_ms > 0 ? at->promised_ms : 1;
		way.is_known = way.is_known && at->promised_ms >= 0;
		if (end == SIZE_MAX || takes[i] > takes[end])
			end = i;
	}
	way.takes_ms = end == SIZE_MAX ? 0 : takes[end];
	for (; end != SIZE_MAX; end = before[end])
		list_push(scene->tick, &way.steps, end);
	return way;
}

/* ---- the panel ---- */

static const char *reason_of(const struct model_migration *from, size_t to)
{
	for (size_t i = 0; i < from->needs.count; i++)
		if (from->needs.items[i].migration == to)
			return from->needs.items[i].reason;
	return "";
}

static void write_way(struct paper *paper, const struct scene *scene)
{
	struct way way = longest_way(scene);
	_cleanup_strbuf_ struct strbuf text = {0};

	for (size_t i = way.steps.count; i-- > 0;) {
		const struct model_migration *at = &scene->model->migrations.items[way.steps.items[i]];
		strbuf_printf(&text, "%s%s", text.length ? " > " : "", at->version);
		if (at->promised_ms >= 0)
			strbuf_printf(&text, " %s", short_duration(scene->tick, at->promised_ms));
	}
	if (way.steps.count == 0)
		return;
	if (way.is_known)
		strbuf_printf(&text, ": %s as rehearsed", short_duration(scene->tick, way.takes_ms));
	else
		strbuf_puts(&text, ": how long it takes, the rehearsal will tell");
	paper_field(paper, INDENT, "critical path", STYLE_TEXT, strbuf_text(&text));
}

/* Pending ones that could not run beside it: with which, and over what. */
static void write_conflicts(struct paper *paper, const struct scene *scene, size_t index)
{
	const struct model *model = scene->model;
	const struct model_migration *at = &model->migrations.items[index];
	size_t count = 0;

	if (strcmp(at->state, "pending") != 0)
		return;
	for (size_t i = 0; i < model->migrations.count; i++) {
		const struct model_migration *other = &model->migrations.items[i];
		if (i == index || strcmp(other->state, "pending") != 0)
			continue;
		const char *why = conflict_text(scene->tick, at, other);
		if (why && count++ < CONFLICTS_SHOWN)
			paper_field(paper, INDENT, count > 1 ? "" : "conflicts", STYLE_CAUTION,
			            arena_printf(scene->tick, "%s %s", other->version, why));
	}
	if (count > CONFLICTS_SHOWN)
		paper_field(paper, INDENT, "", STYLE_CAUTION,
		            arena_printf(scene->tick, "and with %zu more", count - CONFLICTS_SHOWN));
}

static void write_panel(struct paper *paper, const struct scene *scene, size_t index)
{
	const struct model *model = scene->model;
	const struct model_migration *at = &model->migrations.items[index];
	bool *marks = arena_alloc(scene->tick, model->migrations.count + 1);
	size_t all_needed = mark_reached(scene, index, true, marks);

	memset(marks, 0, model->migrations.count);
	size_t all_needing = mark_reached(scene, index, false, marks);
	if (at->reason)
		paper_field(paper, INDENT, "because", STYLE_CAUTION, at->reason);
	for (size_t i = 0; i < at->needs.count; i++)
		paper_field(paper, INDENT, i ? "" : "needs", at->needs.items[i].migration == SIZE_MAX ? STYLE_BAD : STYLE_TEXT,
		            arena_printf(scene->tick, "%s: %s", at->needs.items[i].version,
		                         at->needs.items[i].migration == SIZE_MAX ? "not in the folder"
		                                                                  : at->needs.items[i].reason));
	for (size_t i = 0; i < at->needed_by.count; i++)
		paper_field(paper, INDENT, i ? "" : "needed by", STYLE_TEXT,
		            arena_printf(scene->tick, "%s: %s", model->migrations.items[at->needed_by.items[i]].version,
		                         reason_of(&model->migrations.items[at->needed_by.items[i]], index)));
	paper_field(paper, INDENT, "in all", STYLE_TEXT,
	            arena_printf(scene->tick, "it needs %zu, %zu need%s it", all_needed, all_needing,
	                         all_needing == 1 ? "s" : ""));
	write_way(paper, scene);
	write_conflicts(paper, scene, index);
}

/* ---- lanes ---- */

static void draw_label(const struct graph_state *view, const struct scene *scene, const struct area *area, int row,
                       int column, size_t index)
{
	const struct model_migration *at = &scene->model->migrations.items[index];
	struct sign sign = sign_of_migration(at->state);
	enum style style = is_applied(at) ? STYLE_DIM : STYLE_TEXT;
	int width = area->columns - column - 10;

	area_put_width(area, row, column, width, style, arena_printf(scene->tick, "%s %s", at->version, at->name));
	if (matches(view, at))
		area_set_style(area, row, column, width, STYLE_MATCH);
	area_put(area, row, area->columns - 9, sign.style, sign.word);
}

static void draw_lanes(struct graph_state *view, const struct scene *scene, const struct area *area)
{
	const struct model *model = scene->model;

	cursor_keep(&view->cursor, model->migrations.count, area->rows);
	struct lanes lanes = lanes_new(scene->tick, model, view->cursor.top, area->rows);
	int label = lanes.columns + 2 < area->columns / 2 ? lanes.columns + 2 : area->columns / 2;
	struct area left = area_part(area, 0, 0, -1, label - 1);
	arms_draw(&left, &lanes.arms, 0, 0, STYLE_DIM);
	for (int row = 0; row < area->rows && view->cursor.top + (size_t)row < model->migrations.count; row++) {
		size_t index = view->cursor.top + (size_t)row;
		struct sign sign = sign_of_migration(model->migrations.items[index].state);
		area_put_glyph(&left, row, lanes.node_column[row], sign.style, sign.glyph);
		draw_label(view, scene, area, row, label, index);
		if (index == view->cursor.at)
			area_set_style(area, row, label, -1, STYLE_CURSOR);
	}
}

/* ---- boxes ---- */

/* What is not applied, with the applied ones that it needs at once; SIZE_MAX in *ret_count = too many for boxes. */
static size_t *boxed(const struct scene *scene, size_t cursor, size_t *ret_count)
{
	const struct model *model = scene->model;
	size_t count = model->migrations.count;
	bool *marks = arena_alloc(scene->tick, count + 1);
	size_t *chosen = arena_alloc(scene->tick, (LAYERS_NODES_MAX + 1) * sizeof(*chosen));

	for (size_t i = 0; i < count; i++) {
		const struct model_migration *at = &model->migrations.items[i];
		if (is_applied(at))
			continue;
		marks[i] = true;
		for (size_t j = 0; j < at->needs.count; j++)
			if (at->needs.items[j].migration != SIZE_MAX)
				marks[at->needs.items[j].migration] = true;
	}
	if (cursor < count && !marks[cursor]) {
		marks[cursor] = true;
		mark_reached(scene, cursor, true, marks);
	}
	*ret_count = 0;
	for (size_t i = 0; i < count; i++) {
		if (!marks[i])
			continue;
		if (*ret_count == LAYERS_NODES_MAX) {
			*ret_count = SIZE_MAX;
			return chosen;
		}
		chosen[(*ret_count)++] = i;
	}
	return chosen;
}

static void draw_box(const struct graph_state *view, const struct scene *scene, const struct area *area, int row,
                     int column, size_t index)
{
	const struct model_migration *at = &scene->model->migrations.items[index];
	struct sign sign = sign_of_migration(at->state);

	if (column < -BOX_COLUMNS || row < 0 || row >= area->rows)
		return;
	area_put(area, row, column, STYLE_DIM, "[");
	area_put_glyph(area, row, column + 1, sign.style, sign.glyph);
	area_put_width(area, row, column + 3, BOX_COLUMNS - 4, is_applied(at) ? STYLE_DIM : STYLE_TEXT,
	               arena_printf(scene->tick, "%s %s", at->version, at->name));
	area_put(area, row, column + BOX_COLUMNS - 1, STYLE_DIM, "]");
	if (matches(view, at))
		area_set_style(area, row, column, BOX_COLUMNS, STYLE_MATCH);
	if (index == view->cursor.at)
		area_set_style(area, row, column, BOX_COLUMNS, STYLE_CURSOR);
}

/* So far that the box under the cursor is in view. */
static int scrolled(int at, int size, int room)
{
	return at + size > room ? at + size - room : 0;
}

static bool draw_boxes(struct graph_state *view, const struct scene *scene, const struct area *area)
{
	size_t count;
	size_t *chosen = boxed(scene, view->cursor.at, &count);
	int top = 0, left = 0;

	if (count == SIZE_MAX)
		return false;
	struct layers layers = layers_new(scene->tick, scene->model, chosen, count);
	for (size_t i = 0; i < count; i++) {
		if (layers.nodes.items[i].migration != view->cursor.at)
			continue;
		top = scrolled(layers.nodes.items[i].row, 1, area->rows);
		left = scrolled(layers.nodes.items[i].column, BOX_COLUMNS, area->columns);
	}
	arms_draw(area, &layers.arms, top, left, STYLE_DIM);
	for (size_t i = 0; i < count; i++) {
		const struct layer_node *node = &layers.nodes.items[i];
		draw_box(view, scene, area, node->row - top, node->column - left, node->migration);
	}
	return true;
}

/* ---- tree ---- */

struct tree_row {
	size_t migration;
	int depth;
	bool repeated; /* its branches stand elsewhere */
};

struct tree {
	LIST(struct tree_row) rows;
};

static void grow(const struct scene *scene, struct tree *tree, bool *shown, size_t index, int depth, bool inverted)
{
	const struct model_migration *at = &scene->model->migrations.items[index];
	size_t branches = inverted ? at->needed_by.count : at->needs.count;
	bool repeated = shown[index] && branches > 0;

	*list_add(scene->tick, &tree->rows) = (struct tree_row){index, depth, repeated};
	if (shown[index])
		return;
	shown[index] = true;
	for (size_t i = 0; i < branches; i++) {
		size_t next = inverted ? at->needed_by.items[i] : at->needs.items[i].migration;
		if (next != SIZE_MAX && depth < TREE_DEPTH_MAX)
			grow(scene, tree, shown, next, depth + 1, inverted);
	}
}

/* A tree for each migration that nobody needs (inverted: that needs nobody); what was shown is not shown again. */
static struct tree grow_all(const struct graph_state *view, const struct scene *scene)
{
	const struct model *model = scene->model;
	struct tree tree = {0};
	bool *shown = arena_alloc(scene->tick, model->migrations.count + 1);

	for (size_t i = 0; i < model->migrations.count; i++) {
		const struct model_migration *at = &model->migrations.items[i];
		if ((view->inverted ? at->needs.count : at->needed_by.count) == 0)
			grow(scene, &tree, shown, i, 0, view->inverted);
	}
	for (size_t i = 0; i < model->migrations.count; i++)
		if (!shown[i]) /* deeper than a tree is let grow */
			grow(scene, &tree, shown, i, 0, view->inverted);
	return tree;
}

enum { BRANCH_COLUMNS = 3 };

/* From the last row to the first, one knows at each depth whether a sibling follows. */
static void draw_branches(const struct graph_state *view, const struct tree *tree, const struct area *area)
{
	bool follows[TREE_DEPTH_MAX + 2] = {false};

	for (size_t i = tree->rows.count; i-- > view->tree.top;) {
		int depth = tree->rows.items[i].depth, row = (int)(i - view->tree.top);
		for (int at = 1; at < depth && row < area->rows; at++)
			if (follows[at])
				area_put_glyph(area, row, (at - 1) * BRANCH_COLUMNS, STYLE_DIM, GLYPH_VERTICAL);
		if (depth > 0 && row < area->rows) {
			int column = (depth - 1) * BRANCH_COLUMNS;
			area_put_glyph(area, row, column, STYLE_DIM, follows[depth] ? GLYPH_VERTICAL_RIGHT : GLYPH_UP_RIGHT);
			area_put_glyph(area, row, column + 1, STYLE_DIM, GLYPH_HORIZONTAL);
		}
		follows[depth] = true;
		memset(&follows[depth + 1], 0, (size_t)(TREE_DEPTH_MAX - depth) * sizeof(follows[0]));
	}
}

static void draw_tree(struct graph_state *view, const struct scene *scene, const struct area *area)
{
	struct tree tree = grow_all(view, scene);

	cursor_keep(&view->tree, tree.rows.count, area->rows);
	draw_branches(view, &tree, area);
	for (int row = 0; row < area->rows && view->tree.top + (size_t)row < tree.rows.count; row++) {
		const struct tree_row *at = &tree.rows.items[view->tree.top + (size_t)row];
		int column = at->depth * BRANCH_COLUMNS;
		struct sign sign = sign_of_migration(scene->model->migrations.items[at->migration].state);
		area_put_glyph(area, row, column, sign.style, sign.glyph);
		draw_label(view, scene, area, row, column + 2, at->migration);
		if (at->repeated)
			area_put(area, row, area->columns - 13, STYLE_DIM, "(*)");
		if (view->tree.top + (size_t)row == view->tree.at) {
			area_set_style(area, row, column + 2, -1, STYLE_CURSOR);
			view->cursor.at = at->migration;
		}
	}
}

/* ---- the view ---- */

static void follow(struct graph_state *view, const struct scene *scene)
{
	const struct model *model = scene->model;

	if (view->was_moved)
		return;
	view->cursor.at = model->current;
	for (size_t i = 0; model->current == SIZE_MAX && i < model->migrations.count; i++) {
		view->cursor.at = i;
		if (!is_applied(&model->migrations.items[i]))
			break;
	}
}

static void draw_mode(struct graph_state *view, const struct scene *scene, const struct area *area)
{
	const char *note = view->mode == MODE_TREE && view->inverted ? " (who needs it)" : "";
	struct area body = area_part(area, 1, 0, -1, -1);
	int column = 0;

	for (enum mode mode = 0; mode < MODE_COUNT; mode++)
		column = area_print(area, 0, column, mode == view->mode ? STYLE_CURSOR : STYLE_DIM, " %s ", MODES[mode]);
	area_put(area, 0, column, STYLE_DIM, note);
	if (view->mode == MODE_TREE) {
		area_put(area, 0, column + (int)strlen(note), STYLE_DIM, "  (*) is shown elsewhere with its branches");
		draw_tree(view, scene, &body);
	} else if (view->mode == MODE_LANES) {
		draw_lanes(view, scene, &body);
	} else if (!draw_boxes(view, scene, &body)) {
		area_print(area, 0, column, STYLE_CAUTION, "  more than %d: as lanes", LAYERS_NODES_MAX);
		draw_lanes(view, scene, &body);
	}
}

/* So high as what it says, within limits: the graph gets the rest. */
static int panel_rows(const struct graph_state *view, const struct paper *paper, const struct area *area)
{
	int wanted = (int)paper->lines.count + 1, most = view->in_panel ? area->rows * 2 / 3 : area->rows / 2;

	wanted = wanted < PANEL_ROWS_LEAST ? PANEL_ROWS_LEAST : wanted;
	return wanted < most ? wanted : most;
}

static void draw_panel(struct graph_state *view, const struct scene *scene, const struct paper *paper,
                       const struct area *panel)
{
	const struct model_migration *at = &scene->model->migrations.items[view->cursor.at];
	struct area body = area_part(panel, 1, 1, -1, -1);
	size_t room = body.rows > 0 ? (size_t)body.rows : 0;

	area_rule(panel, 0, view->in_panel ? STYLE_STRONG : STYLE_DIM,
	          arena_printf(scene->tick, "%s %s", at->version, at->name));
	view->text.rows = body.rows;
	view->text.at = paper->lines.count;
	if (!view->in_panel)
		view->text.top = 0;
	if (view->text.top + room > paper->lines.count)
		view->text.top = paper->lines.count > room ? paper->lines.count - room : 0;
	paper_draw(&body, paper, view->text.top);
}

static void draw(void *state, const struct scene *scene, const struct area *area)
{
	struct graph_state *view = state;
	bool wide = area->columns >= SIDE_BY_SIDE_FROM, tall = area->rows >= 14;

	if (scene->model->migrations.count == 0) {
		absence_put(area, 1, scene->model);
		return;
	}
	follow(view, scene);
	struct paper paper = paper_on(scene->tick, (wide ? PANEL_COLUMNS : area->columns) - 3);
	bool panel = (wide || tall) && view->cursor.at < scene->model->migrations.count;
	if (panel)
		write_panel(&paper, scene, view->cursor.at);
	int under = panel && !wide ? panel_rows(view, &paper, area) : 0;
	struct area graph = area_part(area, 0, 0, area->rows - under, wide ? area->columns - PANEL_COLUMNS : -1);
	draw_mode(view, scene, &graph);
	if (!panel)
		return;
	struct area rest = wide ? area_part(area, 0, area->columns - PANEL_COLUMNS + 1, -1, -1)
	                        : area_part(area, area->rows - under, 0, -1, -1);
	draw_panel(view, scene, &paper, &rest);
}

/* The tree's cursor goes to where the migration stands first. */
static void find_in_tree(struct graph_state *view, const struct scene *scene)
{
	struct tree tree = grow_all(view, scene);

	for (size_t i = tree.rows.count; i-- > 0;)
		if (tree.rows.items[i].migration == view->cursor.at)
			view->tree.at = i;
}

static void find_next(struct graph_state *view, const struct scene *scene, bool forward)
{
	size_t count = scene->model->migrations.count;

	for (size_t i = 1; i <= count; i++) {
		size_t at = (view->cursor.at + (forward ? i : count - i)) % count;
		if (!matches(view, &scene->model->migrations.items[at]))
			continue;
		view->cursor.at = at;
		view->was_moved = true;
		find_in_tree(view, scene);
		return;
	}
	console_say(scene->console, STYLE_CAUTION, "nothing matches \"%s\"", view->find);
}

static bool act(void *state, const struct scene *scene, enum action action)
{
	struct graph_state *view = state;

	follow(view, scene);
	switch ((int)action) {
	case ACTION_MODE:
	case ACTION_NEXT_PART:
		view->mode = (view->mode + 1) % MODE_COUNT;
		find_in_tree(view, scene);
		return true;
	case ACTION_PREVIOUS_PART:
		view->mode = (view->mode + MODE_COUNT - 1) % MODE_COUNT;
		find_in_tree(view, scene);
		return true;
	case ACTION_INVERT:
		view->inverted = !view->inverted;
		find_in_tree(view, scene);
		return true;
	case ACTION_OPEN:
		view->in_panel = !view->in_panel;
		return true;
	case ACTION_BACK:
		if (!view->in_panel)
			return false;
		view->in_panel = false;
		return true;
	case ACTION_FOLLOW:
		view->was_moved = view->in_panel = false;
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
	if (view->in_panel)
		return cursor_scroll(&view->text, view->text.at, action);
	struct tree tree = view->mode == MODE_TREE ? grow_all(view, scene) : (struct tree){0};
	bool moved = view->mode == MODE_TREE ? cursor_move(&view->tree, tree.rows.count, action)
	                                     : cursor_move(&view->cursor, scene->model->migrations.count, action);
	if (moved && view->tree.at < tree.rows.count)
		view->cursor.at = tree.rows.items[view->tree.at].migration;
	view->was_moved = view->was_moved || moved;
	return moved;
}

static void find(void *state, const struct scene *scene, const char *text, bool only_matches)
{
	struct graph_state *view = state;

	(void)only_matches;
	snprintf(view->find, sizeof(view->find), "%s", text);
	if (*text)
		find_next(view, scene, true);
}

static void focus(void *state, const struct scene *scene, const struct place *place)
{
	struct graph_state *view = state;
	const struct model_migration *wanted = model_find(scene->model, place->version);

	if (!wanted)
		return;
	view->cursor.at = (size_t)(wanted - scene->model->migrations.items);
	view->was_moved = true;
	find_in_tree(view, scene);
}

static struct place focused(void *state, const struct scene *scene)
{
	struct graph_state *view = state;
	bool there = view->cursor.at < scene->model->migrations.count;

	return (struct place){
		.version = there ? scene->model->migrations.items[view->cursor.at].version : NULL,
		.gate = GATE_COUNT,
	};
}

static void plain(void *state, const struct scene *scene, struct strbuf *out)
{
	(void)state;
	for (size_t i = 0; i < scene->model->migrations.count; i++) {
		const struct model_migration *at = &scene->model->migrations.items[i];
		strbuf_printf(out, "%s %s: %s\n", at->version, at->name, sign_of_migration(at->state).word);
		for (size_t j = 0; j < at->needs.count; j++)
			strbuf_printf(out, "  needs %s: %s\n", at->needs.items[j].version, at->needs.items[j].reason);
	}
	struct paper paper = paper_on(scene->tick, 0);
	write_way(&paper, scene);
	paper_plain(&paper, out);
}

static const char *copy(void *state, const struct scene *scene)
{
	struct graph_state *view = state;
	_cleanup_strbuf_ struct strbuf text = {0};
	struct paper paper = paper_on(scene->tick, 0);

	if (view->cursor.at >= scene->model->migrations.count)
		return NULL;
	write_panel(&paper, scene, view->cursor.at);
	paper_plain(&paper, &text);
	return arena_strdup(scene->tick, strbuf_text(&text));
}

const struct view_row view_graph = {
	.name = "graph",
	.title = "Graph",
	.digit = '2',
	.state_bytes = sizeof(struct graph_state),
	.draw = draw,
	.act = act,
	.find = find,
	.focus = focus,
	.focused = focused,
	.plain = plain,
	.copy = copy,
};
