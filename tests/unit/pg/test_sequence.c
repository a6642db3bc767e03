#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "pg/sequence.h"

struct reading {
	int64_t last;
	bool called;
};

/* What sequences_compare says of one sequence, or "" when it lies where it must. */
static const char *verdict(struct arena *arena, int64_t increment, bool cycles, struct reading before,
                           struct reading after, struct reading restored)
{
	struct sequence items[3] = {
		{.name = "public.s", .increment = increment, .cycles = cycles, .last = before.last, .called = before.called},
		{.name = "public.s", .increment = increment, .cycles = cycles, .last = after.last, .called = after.called},
		{.name = "public.s", .increment = increment, .last = restored.last, .called = restored.called},
	};
	struct sequence_list lists[3];
	struct text_list differences = {0};
	for (size_t i = 0; i < 3; i++)
		lists[i] = (struct sequence_list){.items = &items[i], .count = 1};
	sequences_compare(arena, &lists[0], &lists[1], &lists[2], &differences);
	return differences.count ? differences.items[0] : "";
}

static void restored_value_lies_between_before_and_after(void **state)
{
	static const struct {
		const char *what;
		int64_t increment;
		bool cycles;
		struct reading before, after, restored;
		bool holds;
	} CASES[] = {
		{"the same", 1, false, {5, true}, {5, true}, {5, true}, true},
		{"between", 1, false, {5, true}, {9, true}, {7, true}, true},
		{"at the end", 1, false, {5, true}, {9, true}, {9, true}, true},
		{"below", 1, false, {5, true}, {9, true}, {4, true}, false},
		{"above", 1, false, {5, true}, {9, true}, {10, true}, false},
		{"fresh stays fresh", 1, false, {5, false}, {5, false}, {5, false}, true},
		{"fresh is not used", 1, false, {5, false}, {5, false}, {5, true}, false},
		{"used is not fresh", 1, false, {5, true}, {5, true}, {5, false}, false},
		{"downwards between", -1, false, {-5, true}, {-9, true}, {-7, true}, true},
		{"downwards above", -1, false, {-5, true}, {-9, true}, {-4, true}, false},
		{"set back meanwhile", 1, false, {9, true}, {5, true}, {7, true}, false},
		{"cycled, before its end", 1, true, {98, true}, {3, true}, {99, true}, true},
		{"cycled, after its start", 1, true, {98, true}, {3, true}, {2, true}, true},
		{"cycled, where it never was", 1, true, {98, true}, {3, true}, {50, true}, false},
		{"at the end of the numbers", 1, false, {INT64_MAX, true}, {INT64_MAX, true}, {INT64_MAX, true}, true},
	};
	struct arena *arena = arena_open();
	(void)state;
	for (size_t i = 0; i < sizeof(CASES) / sizeof(*CASES); i++) {
		const char *text = verdict(arena, CASES[i].increment, CASES[i].cycles, CASES[i].before, CASES[i].after,
		                           CASES[i].restored);
		if ((*text == '\0') != CASES[i].holds)
			fail_msg("%s: \"%s\"", CASES[i].what, text);
	}
	arena_close(arena);
}

static void difference_names_all_three_values(void **state)
{
	struct arena *arena = arena_open();
	(void)state;
	assert_string_equal(verdict(arena, 1, false, (struct reading){5, true}, (struct reading){9, true},
	                            (struct reading){4, true}),
	                    "public.s: was restored at 4, live had 5 before and 9 after");
	arena_close(arena);
}

static void missing_and_new_sequences_are_differences(void **state)
{
	struct arena *arena = arena_open();
	struct sequence one = {.name = "public.a", .increment = 1}, other = {.name = "public.b", .increment = 1};
	struct sequence_list before = {.items = &one, .count = 1}, restored = {.items = &other, .count = 1};
	struct text_list differences = {0};
	(void)state;
	sequences_compare(arena, &before, &before, &restored, &differences);
	assert_int_equal(differences.count, 2);
	assert_string_equal(differences.items[0], "public.a: is missing");
	assert_string_equal(differences.items[1], "public.b: was not there");
	arena_close(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(restored_value_lies_between_before_and_after),
		cmocka_unit_test(difference_names_all_three_values),
		cmocka_unit_test(missing_and_new_sequences_are_differences),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
