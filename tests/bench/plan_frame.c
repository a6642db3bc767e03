/*
 * What it costs to take a query plan of 5,000 nodes into the console, and to draw a frame of it after each key: prints
 * milliseconds on one line: taking it in; a key with its frame, median and longest, of the tree; the same of two such
 * plans side by side.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "console/view.h"
#include "sys/clock.h"

enum { NODES = 5000, KEYS = 400, ROWS = 46, COLUMNS = 158 };

/* Joins of joins, ten levels deep, with scans of partitions below: what a report over everything looks like. */
static void put_node(struct strbuf *out, int *left, int depth, int seed)
{
	static const char *const JOINS[] = {"Hash Join", "Merge Join", "Nested Loop"};
	int number = NODES - (*left)--;
	bool leaf = depth >= 10 || *left < 2;

	strbuf_printf(out, "{\"Node Type\":\"%s\",\"Startup Cost\":1.5,\"Total Cost\":%d.25,\"Plan Rows\":%d,"
	                   "\"Plan Width\":8,\"Actual Startup Time\":0.1,\"Actual Total Time\":%d.5,\"Actual Rows\":%d,"
	                   "\"Actual Loops\":1,\"Shared Hit Blocks\":%d,\"Shared Read Blocks\":0",
	              leaf ? "Seq Scan" : JOINS[number % 3], 2 * NODES - number, 1 + number % 900,
	              2 * NODES - number, 1 + (number * seed) % 90000, 9 * NODES - number);
	if (leaf)
		strbuf_printf(out, ",\"Relation Name\":\"orders_%d\",\"Alias\":\"o%d\",\"Filter\":\"(customer = %d)\","
		                   "\"Rows Removed by Filter\":%d}", number, number, number, number * 7);
	else
		strbuf_printf(out, ",\"Join Type\":\"Inner\",\"Hash Cond\":\"(a.id = b.id)\",\"Plans\":[");
	for (int child = 0; !leaf && child < 2 && *left > 0; child++) {
		strbuf_puts(out, child ? "," : "");
		put_node(out, left, depth + 1, seed);
	}
	strbuf_puts(out, leaf ? "" : "]}");
}

/* Returns how long it takes from the line to the model, in milliseconds. */
static double tell(struct model *model, int seed, const char *phase)
{
	_cleanup_strbuf_ struct strbuf line = {0};
	_cleanup_error_ struct error err = {0};
	_cleanup_json_ struct json *event = NULL;
	struct json *parsed;
	enum event_type type;
	int left = NODES;

	strbuf_printf(&line, "{\"v\":1,\"seq\":%" PRId64 ",\"ts\":\"2026-01-01T00:00:00.000Z\",\"run\":\"r\","
	                     "\"type\":\"explain\",\"name\":\"report\",\"on\":\"copy\",\"phase\":\"%s\",\"plan\":"
	                     "{\"Execution Time\":99999.5,\"Plan\":{\"Node Type\":\"Append\",\"Startup Cost\":1,"
	                     "\"Total Cost\":99999,\"Plan Rows\":1,\"Plan Width\":8,\"Actual Startup Time\":1,"
	                     "\"Actual Total Time\":99999,\"Actual Rows\":1,\"Actual Loops\":1,\"Shared Hit Blocks\":99999,"
	                     "\"Shared Read Blocks\":0,\"Plans\":[", model->seq + 1, phase);
	for (bool first = true; left > 0; first = false) {
		strbuf_puts(&line, first ? "" : ",");
		put_node(&line, &left, 0, seed);
	}
	strbuf_puts(&line, "]}}}");
	int64_t start_us = clock_us();
	if (event_decode(strbuf_text(&line), line.length, &type, &parsed, &err) != OK) {
		fprintf(stderr, "%s\n", err.message);
		exit(1);
	}
	event = parsed;
	model_apply(model, type, event);
	return (double)(clock_us() - start_us) / 1000;
}

static int in_order(const void *one, const void *other)
{
	int64_t a = *(const int64_t *)one, b = *(const int64_t *)other;
	return a < b ? -1 : a > b;
}

static void measure(const struct view_row *view, void *state, struct model *model, struct canvas *canvas)
{
	static const enum action ACTIONS[] = {ACTION_DOWN, ACTION_PAGE_DOWN, ACTION_LEFT, ACTION_RIGHT,
	                                      ACTION_NEXT_MATCH, ACTION_INCLUSIVE, ACTION_LAST, ACTION_FIRST};
	struct area area = area_whole(canvas);
	int64_t took_us[KEYS];

	for (size_t i = 0; i < KEYS; i++) {
		struct arena *tick = arena_open();
		struct scene scene = {.model = model, .tick = tick, .now_ms = model->now_ms, .replaying = true};
		int64_t start_us = clock_us();
		view->act(state, &scene, ACTIONS[i % 8 == 4 && i % 3 ? 0 : i % 8]);
		canvas_clear(canvas);
		view->draw(state, &scene, &area);
		took_us[i] = clock_us() - start_us;
		arena_close(tick);
	}
	qsort(took_us, KEYS, sizeof(took_us[0]), in_order);
	printf(" %.3f %.3f", (double)took_us[KEYS / 2] / 1000, (double)took_us[KEYS - 1] / 1000);
}

static void press(const struct view_row *view, void *state, struct model *model, const struct area *area,
                  enum action action)
{
	struct arena *tick = arena_open();
	struct scene scene = {.model = model, .tick = tick, .now_ms = model->now_ms, .replaying = true};
	view->act(state, &scene, action);
	view->draw(state, &scene, area); /* what is said of a plan is said once */
	arena_close(tick);
}

int main(void)
{
	const struct view_row *view = view_find("plans");
	_cleanup_arena_ struct arena *arena = arena_open();
	struct model *model = model_open();
	struct canvas *canvas = canvas_open(ROWS, COLUMNS, false);
	struct area area = area_whole(canvas);
	void *state = arena_alloc(arena, view->state_bytes);

	tell(model, 3, "before");
	printf("%.3f", tell(model, 7, "after"));
	press(view, state, model, &area, ACTION_OPEN);
	measure(view, state, model, canvas);
	press(view, state, model, &area, ACTION_COMPARE);
	measure(view, state, model, canvas);
	printf("\n");
	view->let_go(state);
	canvas_close(canvas);
	model_close(model);
	return 0;
}
