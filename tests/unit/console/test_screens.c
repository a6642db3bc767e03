/*
 * What each view draws of one story, held against tests/unit/console/screens/VIEW.COLUMNSxROWS[.ascii]. With
 * UPDATE_SCREENS set the files are written instead: look at them before they are committed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fake_console.h"
#include "fixture.h"
#include "story.h"

/* The moment that a picture shows: a failed rehearsal before, an apply half-way now. */
static void tell_night(struct model *model)
{
	tell_beginning(model);
	TELL(model,
	     "\"type\":\"gate\",\"gate\":\"inspect\",\"state\":\"running\"",
	     "\"type\":\"evidence\",\"gate\":\"inspect\",\"check\":\"inspect.files\","
	     "\"measured\":\"4 migrations, 2 pending\",\"limit\":\"all readable\",\"ok\":true",
	     "\"type\":\"gate\",\"gate\":\"inspect\",\"state\":\"passed\"",
	     "\"type\":\"gate\",\"gate\":\"backup\",\"state\":\"waived\",\"reason\":\"the nightly one is enough\","
	     "\"valid_until\":\"2026-01-01T20:00:00.000Z\"",
	     "\"type\":\"gate\",\"gate\":\"rehearsal\",\"state\":\"running\"",
	     "\"type\":\"step\",\"version\":\"007\",\"step\":1,\"statement\":1,\"phase\":\"begin\"",
	     "\"type\":\"step\",\"version\":\"007\",\"step\":1,\"statement\":1,\"phase\":\"end\",\"duration_ms\":12,"
	     "\"gate\":\"rehearsal\",\"sql\":\"ALTER TABLE orders ADD COLUMN state text\",\"rows\":0",
	     "\"type\":\"step\",\"version\":\"007\",\"step\":1,\"phase\":\"end\",\"duration_ms\":40",
	     "\"type\":\"step\",\"version\":\"008\",\"step\":1,\"phase\":\"end\",\"duration_ms\":64000",
	     "\"type\":\"gate\",\"gate\":\"rehearsal\",\"state\":\"passed\","
	     "\"valid_until\":\"2026-01-02T00:00:00.000Z\"",
	     "\"type\":\"gate\",\"gate\":\"plans\",\"state\":\"passed\","
	     "\"valid_until\":\"2026-01-02T00:00:00.000Z\"",
	     "\"type\":\"gate\",\"gate\":\"preflight\",\"state\":\"running\"",
	     "\"type\":\"evidence\",\"gate\":\"preflight\",\"check\":\"preflight.window\",\"measured\":\"no window\","
	     "\"limit\":\"open\",\"ok\":true",
	     "\"type\":\"evidence\",\"gate\":\"preflight\",\"check\":\"preflight.old_transactions\","
	     "\"measured\":\"pid 811 (report) has been idle in transaction for 4 min 12 s and holds orders\","
	     "\"limit\":\"none older than 60 s\",\"ok\":false,"
	     "\"hint\":\"Ask its owner to end it, or end it with pg_terminate_backend(811), and run the gate again.\"",
	     "\"type\":\"gate\",\"gate\":\"preflight\",\"state\":\"failed\","
	     "\"reason\":\"preflight.old_transactions: pid 811 (report) has been idle in transaction for 4 min 12 s\","
	     "\"hint\":\"Ask its owner to end it, or end it with pg_terminate_backend(811), and run the gate again.\"");
}

static void tell_apply(struct model *model)
{
	TELL(model,
	     "\"type\":\"gate\",\"gate\":\"preflight\",\"state\":\"running\"",
	     "\"type\":\"gate\",\"gate\":\"preflight\",\"state\":\"passed\"",
	     "\"type\":\"gate\",\"gate\":\"approval\",\"state\":\"passed\"",
	     "\"type\":\"gate\",\"gate\":\"apply\",\"state\":\"running\"",
	     "\"type\":\"step\",\"version\":\"007\",\"step\":1,\"statement\":1,\"phase\":\"begin\",\"gate\":\"apply\"",
	     "\"type\":\"step\",\"version\":\"007\",\"step\":1,\"phase\":\"end\",\"duration_ms\":51,\"gate\":\"apply\"",
	     "\"type\":\"step\",\"version\":\"008\",\"step\":1,\"statement\":1,\"phase\":\"begin\",\"gate\":\"apply\"",
	     "\"type\":\"sample\",\"sampler\":\"statement\",\"values\":{\"phase\":\"building index: scanning table\","
	     "\"percent\":52,\"remaining_ms\":31000}");
}

static void each_view_draws_what_is_in_its_pictures(void **state)
{
	(void)state;
	for (const struct view_row *const *view = views_list(); *view; view++) {
		if (strcmp((*view)->name, "runbook") == 0)
			continue; /* it shows the manual, whatever that says */
		struct fixture f;
		fixture_open(&f, (*view)->name);
		tell_night(f.model);
		compare_all("failed", &f);
		tell_apply(f.model);
		compare_all("apply", &f);
		fixture_close(&f);
	}
}

/* Nothing told, half told, all told: at no size does a view draw outside of its area or stumble. */
static void views_fit_every_size_and_every_moment(void **state)
{
	(void)state;
	for (const struct view_row *const *view = views_list(); *view; view++) {
		struct fixture f;
		fixture_open(&f, (*view)->name);
		for (int moment = 0; moment < 4; moment++) {
			if (moment == 1)
				tell_beginning(f.model);
			if (moment == 2)
				tell_night(f.model);
			if (moment == 3)
				tell_apply(f.model);
			for (int rows = 1; rows < 30; rows += 3) {
				for (int columns = 1; columns < 200; columns += 7) {
					_cleanup_strbuf_ struct strbuf text = {0};
					struct scene scene = scene_of(&f);
					draw(&f, columns, rows, false, &text);
					f.view->act(f.state, &scene, (enum action)(1 + (rows * columns) % (ACTION_COUNT - 1)));
				}
			}
		}
		fixture_close(&f);
	}
}

static void every_view_has_a_form_without_a_screen(void **state)
{
	(void)state;
	for (const struct view_row *const *view = views_list(); *view; view++) {
		_cleanup_strbuf_ struct strbuf text = {0};
		struct fixture f;
		fixture_open(&f, (*view)->name);
		tell_night(f.model);
		tell_apply(f.model);
		struct scene scene = scene_of(&f);
		(*view)->plain(f.state, &scene, &text);
		assert_true(text.length > 0);
		assert_null(strchr(strbuf_text(&text), '\x1b'));
		fixture_close(&f);
	}
}

/* A plan with branches, lines over several layers and one that needs nothing. */
static void tell_branches(struct model *model)
{
	static const struct {
		const char *version, *state, *needs[4];
	} ROWS[] = {
		{"001", "applied", {NULL}},         {"002", "applied", {"001"}}, {"003", "applied", {"001"}},
		{"004", "pending", {"002", "003"}}, {"005", "pending", {"001"}}, {"006", "pending", {"004", "005"}},
		{"007", "pending", {NULL}},         {"008", "pending", {"004"}}, {"009", "held", {"006", "008", "002"}},
	};
	_cleanup_strbuf_ struct strbuf line = {0};

	tell_beginning(model);
	strbuf_puts(&line, "\"type\":\"plan\",\"plan_id\":\"3f2a9c0011223344\",\"target\":{\"system_identifier\":\"77\","
	                   "\"timeline\":\"1\",\"database_oid\":\"5\",\"database\":\"shop\"},\"migrations\":[");
	for (size_t i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++) {
		strbuf_printf(&line, "%s{\"version\":\"%s\",\"name\":\"change_%zu\",\"state\":\"%s\",\"requires\":[",
		              i ? "," : "", ROWS[i].version, i + 1, ROWS[i].state);
		for (size_t j = 0; ROWS[i].needs[j]; j++)
			strbuf_printf(&line, "%s{\"version\":\"%s\",\"reason\":\"uses what it creates\"}", j ? "," : "",
			              ROWS[i].needs[j]);
		strbuf_puts(&line, "]}");
	}
	strbuf_puts(&line, "]");
	tell(model, (const char *const[]){strbuf_text(&line)}, 1);
}

static void the_graph_has_three_forms(void **state)
{
	struct fixture f;
	(void)state;
	fixture_open(&f, "graph");
	tell_branches(f.model);
	struct scene scene = scene_of(&f);
	compare_all("lanes", &f);
	f.view->act(f.state, &scene, ACTION_MODE);
	compare_all("boxes", &f);
	f.view->act(f.state, &scene, ACTION_MODE);
	compare_all("tree", &f);
	f.view->act(f.state, &scene, ACTION_INVERT);
	compare_all("inverted", &f);
	fixture_close(&f);
}

static void the_runbook_opens_at_the_gate_one_comes_from(void **state)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	struct fixture f;
	(void)state;
	fixture_open(&f, "runbook");
	struct scene scene = scene_of(&f);
	struct place place = {.gate = GATE_PREFLIGHT};
	f.view->focus(f.state, &scene, &place);
	draw(&f, 80, 22, false, &text);
	assert_non_null(strstr(strbuf_text(&text), "\n   Gate preflight "));
	fixture_close(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_view_draws_what_is_in_its_pictures),
		cmocka_unit_test(views_fit_every_size_and_every_moment),
		cmocka_unit_test(the_graph_has_three_forms),
		cmocka_unit_test(the_runbook_opens_at_the_gate_one_comes_from),
		cmocka_unit_test(every_view_has_a_form_without_a_screen),
	};

	setlocale(LC_ALL, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
