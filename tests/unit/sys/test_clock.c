#include "place.h"

#include "sys/clock.h"

static void stamps_are_utc_with_milliseconds(void **state)
{
	static const struct {
		int64_t wall_ms;
		const char *text;
	} CASES[] = {
		{0, "1970-01-01T00:00:00.000Z"},
		{1767225600000, "2026-01-01T00:00:00.000Z"},
		{951827696789, "2000-02-29T12:34:56.789Z"},
		{-1, "1969-12-31T23:59:59.999Z"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++)
		assert_string_equal(clock_stamp(CASES[i].wall_ms).text, CASES[i].text);
}

static void the_monotonic_clock_never_goes_back(void **state)
{
	(void)state;
	int64_t before_us = clock_us();
	for (int i = 0; i < 10000; i++) {
		int64_t now_us = clock_us();
		assert_true(now_us >= before_us);
		before_us = now_us;
	}
	int64_t apart_ms = clock_ms() - before_us / 1000;
	assert_true(apart_ms >= 0 && apart_ms <= 10000);
}

static void uuids_are_random_and_of_version_4(void **state)
{
	(void)state;
	struct uuid one = uuid_new(), other = uuid_new();
	assert_int_equal(strlen(one.text), 36);
	assert_int_equal(strspn(one.text, "0123456789abcdef-"), 36);
	for (size_t i = 0; i < 36; i++)
		assert_int_equal(one.text[i] == '-', i == 8 || i == 13 || i == 18 || i == 23);
	assert_int_equal(one.text[14], '4');
	assert_non_null(strchr("89ab", one.text[19]));
	assert_string_not_equal(one.text, other.text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stamps_are_utc_with_milliseconds),
		cmocka_unit_test(the_monotonic_clock_never_goes_back),
		cmocka_unit_test(uuids_are_random_and_of_version_4),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
