#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/migration/draft.h"

struct desk {
	struct arena *arena;
	struct text_list siblings;
	struct draft draft;
	struct error err;
};

static enum status make(struct desk *desk, const char *name, const char *template, const char *task)
{
	struct draft_request request = {
		.name = name, .task = task, .date = "2026-03-04", .template = template, .siblings = &desk->siblings};
	return draft_make(desk->arena, &request, &desk->draft, &desk->err);
}

static void with_files(struct desk *desk, const char *const *names)
{
	desk->siblings = (struct text_list){0};
	for (; *names; names++)
		list_push(desk->arena, &desk->siblings, *names);
}

static void number_is_the_next_one_in_the_folders_width(void **state)
{
	struct desk *desk = *state;
	static const struct {
		const char *files[4], *version;
	} cases[] = {
		{{NULL}, "001"},
		{{"001_a.sql", NULL}, "002"},
		{{"0009_a.sql", NULL}, "0010"},
		{{"9_a.sql", "10_b.sql", NULL}, "11"},
		{{"999_a.sql", NULL}, "1000"},
		{{"099_a.sql", "100_b.sql", NULL}, "101"},
		{{"001_a.sql", "004_d.down.sql", NULL}, "005"},
		{{"20240131093000_a.sql", NULL}, "20240131093001"},
		{{"18446744073709551615_a.sql", NULL}, "18446744073709551616"},
		{{"TEMPLATE.sql", "900_notes.txt", ".700_hidden.sql", NULL}, "001"},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		with_files(desk, cases[i].files);
		assert_int_equal(make(desk, "users", NULL, NULL), OK);
		assert_string_equal(desk->draft.version, cases[i].version);
	}
}

static void files_carry_number_and_name(void **state)
{
	struct desk *desk = *state;
	static const char *const files[] = {"041_a.sql", NULL};
	with_files(desk, files);
	assert_int_equal(make(desk, "add-users_2", NULL, NULL), OK);
	assert_string_equal(desk->draft.up_name, "042_add-users_2.sql");
	assert_string_equal(desk->draft.down_name, "042_add-users_2.down.sql");
	assert_string_equal(desk->draft.verify_name, "042_add-users_2.verify.sql");
}

static void tokens_of_the_template_are_replaced_everywhere(void **state)
{
	struct desk *desk = *state;
	assert_int_equal(make(desk, "users",
	                      "-- Migration: NNN_name\n-- Date: YYYY-MM-DD, TASK-0\n-- NNN_name.down.sql YYYY TASK-01\n",
	                      "APP-7"),
	                 OK);
	assert_string_equal(desk->draft.up, "-- Migration: 001_users\n-- Date: 2026-03-04, APP-7\n"
	                                    "-- 001_users.down.sql YYYY APP-71\n");
}

static void task_is_left_to_be_filled_in_when_none_is_given(void **state)
{
	struct desk *desk = *state;
	assert_int_equal(make(desk, "users", NULL, NULL), OK);
	assert_string_equal(desk->draft.up, "-- Migration: 001_users\n"
	                                    "-- Description: what changes and why, in one line\n"
	                                    "-- Date: 2026-03-04\n"
	                                    "-- Related Task: TASK-0\n\n");
}

static void down_and_verify_fail_until_they_are_written(void **state)
{
	struct desk *desk = *state;
	assert_int_equal(make(desk, "users", NULL, NULL), OK);
	assert_non_null(strstr(desk->draft.down,
	                       "RAISE EXCEPTION 'the way back of 001_users is not written yet'"));
	assert_non_null(strstr(desk->draft.verify, "SELECT false AS ok, 'nothing is asked of 001_users yet' AS what;"));
}

static void bad_name_is_refused_with_a_better_one(void **state)
{
	struct desk *desk = *state;
	static const struct {
		const char *name, *message, *hint;
	} cases[] = {
		{"", "\"\" cannot be the name of a migration: it is empty",
	         "Say what changes, as in `pgsluice new add_orders_index`."},
		{"add users index",
	         "\"add users index\" cannot be the name of a migration: it has other characters than letters, digits, "
	         "_ and -",
	         "Did you mean \"add_users_index\"?"},
		{"../users", "\"../users\" cannot be the name of a migration: it has other characters than letters, digits, "
	                     "_ and -",
	         "Did you mean \"users\"?"},
		{"005_users",
	         "\"005_users\" cannot be the name of a migration: it does not begin with a letter: the number comes by "
	         "itself",
	         "Did you mean \"users\"?"},
		{"users.sql", "\"users.sql\" cannot be the name of a migration: it has other characters than letters, "
	                      "digits, _ and -",
	         "Did you mean \"users_sql\"?"},
		{"a\x1b[31m", "\"a\xE2\x90\x9B[31m\" cannot be the name of a migration: it has other characters than "
	                      "letters, digits, _ and -",
	         "Did you mean \"a_31m\"?"},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		assert_int_equal(make(desk, cases[i].name, NULL, NULL), FAIL_USAGE);
		assert_string_equal(desk->err.message, cases[i].message);
		assert_string_equal(desk->err.hint, cases[i].hint);
		error_clear(&desk->err);
	}
}

static void name_of_over_100_characters_is_refused(void **state)
{
	struct desk *desk = *state;
	char name[102];
	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	assert_int_equal(make(desk, name, NULL, NULL), FAIL_USAGE);
	assert_non_null(strstr(desk->err.message, "cannot be the name of a migration: it is longer than 100 characters"));
}

static void name_that_is_taken_is_refused(void **state)
{
	struct desk *desk = *state;
	static const char *const files[] = {"001_users.sql", "002_orders.sql", NULL};
	with_files(desk, files);
	assert_int_equal(make(desk, "users", NULL, NULL), FAIL_USAGE);
	assert_string_equal(desk->err.message, "there is a migration of that name already: 001_users.sql");
	assert_string_equal(desk->err.hint, "Choose another name: it is how people tell migrations apart.");
}

static int open_desk(void **state)
{
	static struct desk desk;
	desk = (struct desk){.arena = arena_open()};
	*state = &desk;
	return 0;
}

static int close_desk(void **state)
{
	struct desk *desk = *state;
	arena_close(desk->arena);
	error_clear(&desk->err);
	return 0;
}

#define DESK_TEST(name) cmocka_unit_test_setup_teardown(name, open_desk, close_desk)

static void an_index_makes_all_three_files(void **state)
{
	struct desk *desk = *state;
	static const char *const files[] = {"041_a.sql", NULL};
	struct index_proposal index;
	with_files(desk, files);
	assert_int_equal(index_proposal_read(desk->arena, "CREATE INDEX ON s.t (a)", &index, &desk->err), OK);
	struct draft_request request = {.name = draft_index_name(desk->arena, &index),
	                                .date = "2026-03-04",
	                                .template = "-- of the folder",
	                                .siblings = &desk->siblings,
	                                .index = &index};
	assert_int_equal(draft_make(desk->arena, &request, &desk->draft, &desk->err), OK);
	assert_string_equal(desk->draft.up_name, "042_add_t_a_idx.sql");
	assert_string_equal(desk->draft.up,
	                    "-- Migration: 042_add_t_a_idx\n"
	                    "-- Description: index t_a_idx on s.t\n"
	                    "-- Date: 2026-03-04\n"
	                    "\n"
	                    "-- Built without blocking a write, outside any transaction. IF NOT EXISTS makes a second run "
	                    "harmless; over an\n"
	                    "-- index that an interrupted build left invalid the tool refuses it.\n"
	                    "CREATE INDEX CONCURRENTLY IF NOT EXISTS t_a_idx ON s.t (a);\n");
	assert_string_equal(desk->draft.down, "-- Migration: 042_add_t_a_idx\n"
	                                      "-- Description: without this index; queries may get slow, nothing is lost\n"
	                                      "\n"
	                                      "DROP INDEX CONCURRENTLY IF EXISTS s.t_a_idx;\n");
	assert_string_equal(desk->draft.verify,
	                    "SELECT coalesce(bool_and(i.indisvalid AND i.indisready), false) AS ok, "
	                    "'index s.t_a_idx is there and valid' AS what\n"
	                    "FROM pg_index i\n"
	                    "WHERE i.indexrelid = to_regclass('s.t_a_idx');\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DESK_TEST(number_is_the_next_one_in_the_folders_width),
		DESK_TEST(files_carry_number_and_name),
		DESK_TEST(tokens_of_the_template_are_replaced_everywhere),
		DESK_TEST(task_is_left_to_be_filled_in_when_none_is_given),
		DESK_TEST(down_and_verify_fail_until_they_are_written),
		DESK_TEST(bad_name_is_refused_with_a_better_one),
		DESK_TEST(name_of_over_100_characters_is_refused),
		DESK_TEST(name_that_is_taken_is_refused),
		DESK_TEST(an_index_makes_all_three_files),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
