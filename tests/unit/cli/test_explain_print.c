/*
 * What `explain` prints, held against tests/unit/cli/explain/NAME. With UPDATE_SCREENS set the files are written
 * instead: look at them before they are committed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cli/explain_print.h"
#include "sys/file.h"

static const struct explain_look ASCII = {.width = 100}, RICH = {.glyphs = true, .colour = true, .width = 100};

static struct query_plan *read_text(struct arena *arena, const char *text)
{
	_cleanup_error_ struct error err = {0};
	struct query_plan *plan = NULL;

	if (query_plan_read(arena, text, strlen(text), &plan, &err) != OK)
		fail_msg("%s", err.message);
	return plan;
}

static struct query_plan *read_plan(struct arena *arena, const char *name)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	_cleanup_error_ struct error err = {0};

	const char *path = arena_printf(arena, SOURCE_FOLDER "/tests/unit/core/explain/plans/%s", name);
	if (file_read(path, 1 << 20, &text, &err) != OK)
		fail_msg("%s", err.message);
	return read_text(arena, strbuf_text(&text));
}

static struct explained explained_of(struct arena *arena, const char *name, const char *query)
{
	return explained_new(arena, read_plan(arena, name), query);
}

static void compare(const char *name, const struct strbuf *text)
{
	_cleanup_arena_ struct arena *arena = arena_open();
	_cleanup_strbuf_ struct strbuf wanted = {0};
	_cleanup_error_ struct error err = {0};
	const char *path = arena_printf(arena, SOURCE_FOLDER "/tests/unit/cli/explain/%s", name);

	if (getenv("UPDATE_SCREENS")) {
		FILE *file = fopen(path, "w");
		assert_non_null(file);
		fputs(strbuf_text(text), file);
		assert_int_equal(fclose(file), 0);
		return;
	}
	if (file_read(path, 1 << 20, &wanted, &err) != OK)
		fail_msg("%s; what is printed is:\n%s", err.message, strbuf_text(text));
	if (strcmp(strbuf_text(&wanted), strbuf_text(text)) != 0)
		fail_msg("%s is not what is printed:\n%s", path, strbuf_text(text));
}

static void text_is_what_is_in_its_files(void **state)
{
	static const struct {
		const char *plan, *file;
		const struct explain_look *look;
	} CASES[] = {
		{"orders_before.json", "orders.text", &ASCII},  {"orders_before.json", "orders.colour.text", &RICH},
		{"cte.json", "cte.text", &ASCII},               {"events.json", "partitions.text", &ASCII},
		{"orders_planned.json", "planned.text", &ASCII},       {"initplans.json", "initplans.text", &ASCII},
	};
	_cleanup_arena_ struct arena *arena = arena_open();
	(void)state;
	for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
		_cleanup_strbuf_ struct strbuf text = {0};
		struct explained explained = explained_of(arena, CASES[i].plan, NULL);
		explain_print_text(&text, &explained, CASES[i].look);
		compare(CASES[i].file, &text);
	}
}

static struct plan_comparison compared(struct arena *arena)
{
	return plan_comparison_new(arena, read_plan(arena, "orders_before.json"), read_plan(arena, "orders_after.json"),
	                           &PLAN_LIMITS);
}

static void two_plans_are_what_is_in_their_files(void **state)
{
	_cleanup_arena_ struct arena *arena = arena_open();
	_cleanup_strbuf_ struct strbuf text = {0}, dot = {0};
	(void)state;
	struct plan_comparison comparison = compared(arena);
	explain_print_text_diff(&text, &comparison, &ASCII);
	compare("diff.text", &text);
	explain_print_dot_diff(&dot, &comparison);
	compare("diff.dot", &dot);
}

static void a_graph_for_graphviz_has_every_node(void **state)
{
	_cleanup_arena_ struct arena *arena = arena_open();
	_cleanup_strbuf_ struct strbuf dot = {0};
	(void)state;
	struct explained explained = explained_of(arena, "initplans.json", NULL);
	explain_print_dot(&dot, &explained);
	compare("initplans.dot", &dot);
}

static void the_document_says_all_of_it(void **state)
{
	_cleanup_arena_ struct arena *arena = arena_open();
	_cleanup_json_ struct json *document = NULL, *diff = NULL;
	_cleanup_strbuf_ struct strbuf text = {0};
	(void)state;
	struct explained explained = explained_of(arena, "orders_before.json", "SELECT 1");
	document = explain_json(&explained);
	json_write_pretty(&text, document);
	strbuf_putc(&text, '\n');
	compare("orders.json", &text);
	struct plan_comparison comparison = compared(arena);
	diff = explain_diff_json(&comparison);
	assert_int_equal(json_get_int(diff, "v"), 1);
	assert_string_equal(json_get_text(diff, "outcome"), "better");
	assert_true(json_count(json_get(diff, "changes")) > 0);
	assert_string_equal(json_get_text(json_get(diff, "after"), "shape"), comparison.after.shape.hex);
	assert_false(json_has(json_get(diff, "after"), "v"));
}

/* ---- the page ---- */

static void the_page_is_what_is_in_its_file(void **state)
{
	_cleanup_arena_ struct arena *arena = arena_open();
	_cleanup_strbuf_ struct strbuf page = {0};
	(void)state;
	struct explained explained = explained_of(arena, "initplans.json", "SELECT c.name\nFROM customers c");
	explain_print_html(&page, &explained);
	const char *body = strstr(strbuf_text(&page), "<body>");
	_cleanup_strbuf_ struct strbuf shown = {0};
	strbuf_add(&shown, body, (size_t)(strstr(body, "<footer>") - body));
	compare("initplans.body.html", &shown);
}

static size_t count_of(const char *text, const char *part)
{
	size_t count = 0;
	for (const char *at = text; (at = strstr(at, part)); at += strlen(part))
		count++;
	return count;
}

static void what_is_opened_on_the_page_is_closed(void **state)
{
	static const char *const NAMES[] = {"orders_before.json", "cte.json", "events.json", "orders_planned.json",
	                                    "initplans.json"};
	static const char *const ELEMENTS[] = {"div", "details", "span", "summary", "dl", "section", "pre", "p"};
	_cleanup_arena_ struct arena *arena = arena_open();
	(void)state;
	for (size_t i = 0; i < sizeof(NAMES) / sizeof(NAMES[0]); i++) {
		_cleanup_strbuf_ struct strbuf page = {0};
		struct plan_comparison comparison = plan_comparison_new(arena, read_plan(arena, NAMES[i]),
		                                                        read_plan(arena, "cte.json"), &PLAN_LIMITS);
		explain_print_html_diff(&page, &comparison);
		for (size_t j = 0; j < sizeof(ELEMENTS) / sizeof(ELEMENTS[0]); j++) {
			const char *name = ELEMENTS[j];
			size_t opened = count_of(strbuf_text(&page), arena_printf(arena, "<%s>", name)) +
			                count_of(strbuf_text(&page), arena_printf(arena, "<%s ", name));
			if (opened != count_of(strbuf_text(&page), arena_printf(arena, "</%s>", name)))
				fail_msg("%s: %s is opened %zu times", NAMES[i], name, opened);
		}
	}
}

#define HOSTILE "</pre><script>alert(1)</script><img src=x onerror='x'>\\u001b[31m\\u202e&amp;\\\""

static const char HOSTILE_PLAN[] =
	"[{\"Plan\":{\"Node Type\":\"Seq Scan\",\"Relation Name\":\"" HOSTILE "\",\"Alias\":\"" HOSTILE "\","
	"\"Startup Cost\":0,\"Total Cost\":9,\"Plan Rows\":1,\"Plan Width\":4,\"Actual Startup Time\":1,"
	"\"Actual Total Time\":90,\"Actual Rows\":1,\"Actual Loops\":1,\"Filter\":\"" HOSTILE "\","
	"\"Rows Removed by Filter\":900000,\"" HOSTILE "\":\"" HOSTILE "\"},"
	"\"Settings\":{\"" HOSTILE "\":\"" HOSTILE "\"},\"Query Text\":\"" HOSTILE "\","
	"\"Triggers\":[{\"Trigger Name\":\"" HOSTILE "\",\"Relation\":\"" HOSTILE "\",\"Time\":5,\"Calls\":1}],"
	"\"Execution Time\":99}]";

static void text_from_outside_is_never_markup_nor_control(void **state)
{
	_cleanup_arena_ struct arena *arena = arena_open();
	_cleanup_strbuf_ struct strbuf page = {0}, text = {0}, dot = {0}, both = {0};
	(void)state;
	struct query_plan *plan = read_text(arena, HOSTILE_PLAN);
	struct explained explained = explained_new(arena, plan, NULL);
	struct plan_comparison comparison = plan_comparison_new(arena, plan, plan, &PLAN_LIMITS);
	explained.source = HOSTILE_PLAN;
	explain_print_html(&page, &explained);
	explain_print_html_diff(&both, &comparison);
	explain_print_text(&text, &explained, &ASCII);
	explain_print_text_diff(&text, &comparison, &ASCII);
	explain_print_dot(&dot, &explained);
	const char *const ALL[] = {strbuf_text(&page), strbuf_text(&both), strbuf_text(&text), strbuf_text(&dot)};
	for (size_t i = 0; i < 4; i++) {
		assert_null(strchr(ALL[i], '\x1b'));
		assert_null(strstr(ALL[i], "\xE2\x80\xAE"));
		if (i < 2) {
			assert_null(strstr(ALL[i], "<script"));
			assert_null(strstr(ALL[i], "<img"));
		}
	}
	assert_non_null(strstr(strbuf_text(&page), "&lt;script&gt;alert(1)"));
}

/* It is looked at where there is no network, and nobody is told that it was. */
static void the_page_asks_for_nothing(void **state)
{
	static const char *const ASKING[] = {"http:", "https:", "src=", "url(", "@import", "<script", "<link", "<iframe"};
	_cleanup_arena_ struct arena *arena = arena_open();
	_cleanup_strbuf_ struct strbuf page = {0};
	(void)state;
	struct explained explained = explained_of(arena, "events.json", "SELECT 1");
	explain_print_html(&page, &explained);
	for (size_t i = 0; i < sizeof(ASKING) / sizeof(ASKING[0]); i++)
		if (strstr(strbuf_text(&page), ASKING[i]))
			fail_msg("the page has %s", ASKING[i]);
	assert_non_null(strstr(strbuf_text(&page), "default-src 'none'"));
	assert_non_null(strstr(strbuf_text(&page), "prefers-color-scheme: dark"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_is_what_is_in_its_files),
		cmocka_unit_test(two_plans_are_what_is_in_their_files),
		cmocka_unit_test(a_graph_for_graphviz_has_every_node),
		cmocka_unit_test(the_document_says_all_of_it),
		cmocka_unit_test(the_page_is_what_is_in_its_file),
		cmocka_unit_test(what_is_opened_on_the_page_is_closed),
		cmocka_unit_test(text_from_outside_is_never_markup_nor_control),
		cmocka_unit_test(the_page_asks_for_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
