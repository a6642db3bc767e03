#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/stamp.h"

static void stamps_are_written_and_read_back(void **state)
{
	static const struct {
		int64_t wall_ms;
		const char *text;
	} CASES[] = {
		{0, "1970-01-01T00:00:00.000Z"},
		{1, "1970-01-01T00:00:00.001Z"},
		{-1, "1969-12-31T23:59:59.999Z"},
		{951782400000, "2000-02-29T00:00:00.000Z"},
		{1767225600123, "2026-01-01T00:00:00.123Z"},
		{4102444799999, "2099-12-31T23:59:59.999Z"},
	};
	_cleanup_arena_ struct arena *arena = arena_open();
	(void)state;
	for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
		int64_t back = 42;
		assert_string_equal(stamp_text(arena, CASES[i].wall_ms), CASES[i].text);
		assert_true(stamp_read(CASES[i].text, &back));
		assert_int_equal(back, CASES[i].wall_ms);
	}
}

static void what_is_no_stamp_is_refused(void **state)
{
	static const char *const CASES[] = {
		"", "2026-01-01", "2026-01-01 00:00:00.000Z", "2026-01-01T00:00:00Z", "2026-01-01T00:00:00.000+00:00",
		"2026-02-30T00:00:00.000Z", "2026-13-01T00:00:00.000Z", "2026-01-01T24:00:00.000Z",
		"2026-01-01T00:00:60.000Z", "2026-01-01T00:00:00.000Zz",
	};
	(void)state;
	for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
		int64_t untouched = 42;
		if (stamp_read(CASES[i], &untouched))
			fail_msg("row %zu: \"%s\" was read", i, CASES[i]);
		assert_int_equal(untouched, 42);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stamps_are_written_and_read_back),
		cmocka_unit_test(what_is_no_stamp_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
