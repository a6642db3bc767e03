#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "console/keymap.h"

static void each_key_has_one_action_in_a_view(void **state)
{
	static const char *const VIEWS[] = {"migrations", "graph", "gates", "apply", "log", "runbook"};
	_cleanup_arena_ struct arena *arena = arena_open();
	const struct keymap *keymap = keymap_new(arena);
	(void)state;
	for (enum action action = ACTION_NONE + 1; action < ACTION_COUNT; action++)
		for (size_t v = 0; v < sizeof(VIEWS) / sizeof(VIEWS[0]); v++) {
			char keys[64];
			if (!action_is_of(action, VIEWS[v]))
				continue;
			snprintf(keys, sizeof(keys), "%s", action_get(action)->keys);
			for (char *rest = keys, *name; (name = strsep(&rest, " ")) != NULL;) {
				if (!*name)
					continue;
				enum action found = keymap_look(keymap, VIEWS[v], key_read(name));
				if (found != action)
					fail_msg("%s in %s is %s, not %s", name, VIEWS[v], action_get(found)->name,
					         action_get(action)->name);
			}
		}
}

static void every_action_says_what_it_does(void **state)
{
	(void)state;
	for (enum action action = ACTION_NONE + 1; action < ACTION_COUNT; action++) {
		enum action found;
		assert_non_null(action_get(action)->name);
		assert_true(strlen(action_get(action)->summary) > 5);
		assert_true(strlen(action_get(action)->label) > 1);
		assert_true(action_find(action_get(action)->name, &found));
		assert_int_equal(found, action);
	}
}

static void what_changes_live_is_on_an_upper_case_key_alone(void **state)
{
	(void)state;
	assert_string_equal(action_get(ACTION_APPLY)->keys, "A");
	assert_string_equal(action_get(ACTION_CANCEL)->keys, "C");
	assert_string_equal(action_get(ACTION_WAIVE)->keys, "W");
	assert_string_equal(action_get(ACTION_ROLLBACK)->keys, "");
}

static void keys_are_read_and_named(void **state)
{
	static const struct {
		const char *name;
		int key;
	} CASES[] = {
		{"j", 'j'},          {"C-d", 4},     {"F5", KEY_F1 + 4}, {"F12", KEY_F12},  {"Space", ' '},
		{"PgDn", KEY_PAGE_DOWN}, {"S-Tab", KEY_BACK_TAB}, {"M-f", 'f' | KEY_ALT}, {"é", 0xe9}, {"?", '?'},
	};
	_cleanup_arena_ struct arena *arena = arena_open();
	(void)state;
	for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
		assert_int_equal(key_read(CASES[i].name), CASES[i].key);
		assert_string_equal(key_label(arena, CASES[i].key), CASES[i].name);
	}
	assert_int_equal(key_read(""), 0);
	assert_int_equal(key_read("F13"), 0);
	assert_int_equal(key_read("C-i"), 0);
	assert_int_equal(key_read("nonsense"), 0);
	assert_int_equal(key_read("\x01"), 0);
}

static void a_user_gives_an_action_other_keys(void **state)
{
	_cleanup_arena_ struct arena *arena = arena_open();
	_cleanup_error_ struct error err = {0};
	struct keymap *keymap = keymap_new(arena);
	(void)state;
	assert_int_equal(keymap_bind(keymap, "run-gate", "t F6", &err), OK);
	assert_int_equal(keymap_look(keymap, "gates", 't'), ACTION_RUN_GATE);
	assert_int_equal(keymap_look(keymap, "gates", 'r'), ACTION_NONE);
	assert_string_equal(keymap_keys(keymap, arena, ACTION_RUN_GATE, false), "t F6");
	assert_string_equal(keymap_keys(keymap, arena, ACTION_RUN_GATE, true), "t");
	assert_int_equal(keymap_bind(keymap, "run-gate", "", &err), OK);
	assert_string_equal(keymap_keys(keymap, arena, ACTION_RUN_GATE, false), "");
}

static void a_key_of_another_action_is_refused(void **state)
{
	_cleanup_arena_ struct arena *arena = arena_open();
	_cleanup_error_ struct error err = {0};
	struct keymap *keymap = keymap_new(arena);
	(void)state;
	assert_int_equal(keymap_bind(keymap, "run-gate", "A", &err), FAIL_USAGE);
	assert_string_equal(err.message, "run-gate: the key A is that of \"apply\"");
	assert_int_equal(keymap_look(keymap, "gates", 'A'), ACTION_APPLY);
	/* Two actions of different views may have one key. */
	assert_int_equal(keymap_bind(keymap, "level", "i", &err), OK);
}

static void a_wrong_binding_names_what_is_wrong(void **state)
{
	_cleanup_arena_ struct arena *arena = arena_open();
	_cleanup_error_ struct error err = {0};
	struct keymap *keymap = keymap_new(arena);
	(void)state;
	assert_int_equal(keymap_bind(keymap, "run-gates", "x", &err), FAIL_USAGE);
	assert_string_equal(err.message, "there is no action \"run-gates\" to give a key to");
	assert_string_equal(err.hint, "Did you mean \"run-gate\"?");
	assert_int_equal(keymap_bind(keymap, "run-gate", "x Foo", &err), FAIL_USAGE);
	assert_string_equal(err.message, "run-gate: \"Foo\" is not a key, or one too many");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_key_has_one_action_in_a_view),
		cmocka_unit_test(every_action_says_what_it_does),
		cmocka_unit_test(what_changes_live_is_on_an_upper_case_key_alone),
		cmocka_unit_test(keys_are_read_and_named),
		cmocka_unit_test(a_user_gives_an_action_other_keys),
		cmocka_unit_test(a_key_of_another_action_is_refused),
		cmocka_unit_test(a_wrong_binding_names_what_is_wrong),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
