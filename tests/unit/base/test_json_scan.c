#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/json_scan.h"

static const struct json_node *scan(struct arena *arena, const char *text, size_t *ret_used)
{
	_cleanup_error_ struct error err = {0};
	const struct json_node *root = NULL;
	if (json_scan(arena, text, strlen(text), &root, ret_used, &err))
		fail_msg("%s: %s", text, err.message);
	return root;
}

static void a_value_is_read_and_what_stands_behind_it_left(void **state)
{
	static const char text[] =
		"{\"a\": \"\\u00e4\\ud83d\\ude00\\n\\\"\", \"b\": [1, -2.5e-3, true, null, {}], \"c\": 2} (1 row)";
	(void)state;
	_cleanup_arena_ struct arena *arena = arena_open();
	size_t used;
	const struct json_node *root = scan(arena, text, &used);
	assert_int_equal(strlen(text) - strlen(" (1 row)"), used);
	assert_int_equal(JSON_KIND_OBJECT, root->kind);
	assert_int_equal(3, root->count);
	assert_string_equal("\xc3\xa4\xf0\x9f\x98\x80\n\"", json_node_text(json_node_get(root, "a")));
	const struct json_node *list = json_node_get(root, "b");
	assert_int_equal(5, list->count);
	assert_int_equal(JSON_KIND_INT, list->first->kind);
	assert_true(json_node_number(list->first->next) > -0.0026 && json_node_number(list->first->next) < -0.0024);
	assert_true(list->first->next->next->flag);
	assert_true(json_node_number(json_node_get(root, "c")) > 1.9);
	assert_null(json_node_get(root, "d"));
	assert_null(json_node_text(list));
}

/* A planner's estimate can have a hundred digits. */
static void a_number_of_any_size_is_a_number(void **state)
{
	(void)state;
	_cleanup_arena_ struct arena *arena = arena_open();
	size_t used;
	assert_true(json_node_number(scan(arena, "123456789012345678901234567890", &used)) > 1.2e29);
	assert_true(json_node_number(scan(arena, "1e400", &used)) > 1e300);
}

static void what_is_no_json_is_refused_where_it_goes_wrong(void **state)
{
	static const struct {
		const char *text, *message;
		long line, column;
	} CASES[] = {
		{"", "invalid JSON: a value expected", 1, 1},
		{"[1,]", "invalid JSON: a value expected", 1, 4},
		{"[1 2]", "invalid JSON: a comma or a bracket expected", 1, 4},
		{"[1", "invalid JSON: it ends too early", 1, 3},
		{"{\"a\": 1,\n 3}", "invalid JSON: a key and a colon expected", 2, 2},
		{"{\"a\"\n1}", "invalid JSON: a key and a colon expected", 2, 1},
		{"[1}", "invalid JSON: a comma or a bracket expected", 1, 3},
		{"[01]", "invalid JSON: a value expected", 1, 2},
		{"[1.]", "invalid JSON: a value expected", 1, 2},
		{"[nul]", "invalid JSON: a value expected", 1, 2},
		{"\"a", "invalid JSON: a text has no end or no sense", 1, 1},
		{"\"\\x\"", "invalid JSON: a text has no end or no sense", 1, 1},
		{"\"\\ud800x\"", "invalid JSON: a text has no end or no sense", 1, 1},
		{"\"\\u0000\"", "invalid JSON: a text has no end or no sense", 1, 1},
		{"\"\xff\"", "invalid JSON: a text has no end or no sense", 1, 1},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(CASES) / sizeof(*CASES); i++) {
		_cleanup_arena_ struct arena *arena = arena_open();
		_cleanup_error_ struct error err = {0};
		const struct json_node *root;
		size_t used;
		if (json_scan(arena, CASES[i].text, strlen(CASES[i].text), &root, &used, &err) != FAIL_REFUSED)
			fail_msg("row %zu was not refused", i);
		if (strcmp(err.message, CASES[i].message) != 0 || err.line != CASES[i].line || err.column != CASES[i].column)
			fail_msg("row %zu: %ld:%ld %s", i, err.line, err.column, err.message);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_value_is_read_and_what_stands_behind_it_left),
		cmocka_unit_test(a_number_of_any_size_is_a_number),
		cmocka_unit_test(what_is_no_json_is_refused_where_it_goes_wrong),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
