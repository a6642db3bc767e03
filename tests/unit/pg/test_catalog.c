#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "pg/binaries.h"
#include "pg/catalog.h"

static void dump_program_must_not_be_older_than_the_server_by_release_date(void **state)
{
	static const struct {
		int program, server;
		bool fresh;
	} CASES[] = {
		{150020, 150020, true},
		{150021, 150020, true},
		{150019, 150020, false},
		{170011, 150020, false}, /* one round older: it writes pg_attver into dumps */
		{170012, 150020, true},
		{160016, 150020, true},
		{160015, 150020, false},
		{140025, 150020, false}, /* an older major */
		{180000, 170006, true},
		{180000, 170007, false},
		{130008, 130007, true},
		{190000, 180003, false}, /* of a round we do not know */
	};
	(void)state;
	for (size_t i = 0; i < sizeof(CASES) / sizeof(*CASES); i++)
		if (binaries_fresh(CASES[i].program, CASES[i].server) != CASES[i].fresh)
			fail_msg("pg_dump %d for server %d", CASES[i].program, CASES[i].server);
}

static void patterns_leave_out_objects_and_all_that_hangs_on_them(void **state)
{
	static const struct {
		const char *pattern, *kind, *name, *relation;
		bool ignored;
	} CASES[] = {
		{"public.part_*", "table", "public.part_1", "public.part_1", true},
		{"public.part_*", "column", "public.part_1.id", "public.part_1", true},
		{"public.part_1", "column", "public.part_1.id", "public.part_1", true},
		{"public.part_1", "table", "public.part_10", "public.part_10", false},
		{"public.part_*", "index", "public.other", "public.part_1", true},
		{"public.part_*", "function", "public.f()", NULL, false},
		{"index public.*_tmp", "index", "public.a_tmp", "public.a", true},
		{"index public.*_tmp", "table", "public.a_tmp", "public.a_tmp", false},
		{"*", "schema", "app", NULL, true},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(CASES) / sizeof(*CASES); i++) {
		const char *items[] = {CASES[i].pattern};
		struct text_list patterns = {.items = items, .count = 1};
		if (catalog_ignored(&patterns, CASES[i].kind, CASES[i].name, CASES[i].relation) != CASES[i].ignored)
			fail_msg("%s against %s %s", CASES[i].pattern, CASES[i].kind, CASES[i].name);
	}
	assert_false(catalog_ignored(NULL, "table", "public.t", "public.t"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dump_program_must_not_be_older_than_the_server_by_release_date),
		cmocka_unit_test(patterns_leave_out_objects_and_all_that_hangs_on_them),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
