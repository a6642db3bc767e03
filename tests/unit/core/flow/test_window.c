#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "core/flow/window.h"

enum { MON, TUE, WED, THU, FRI, SAT, SUN };

#define AT(hour, minute) (((hour) * 60 + (minute)) * INT64_C(60000))
#define NEVER_CLOSES INT64_MAX

static void room_is_counted_across_midnight_and_joined_spans(void **state)
{
	static const struct {
		const char *window;
		int weekday;
		int64_t day_ms, room_ms;
	} CASES[] = {
		{"Mon-Fri 22:00-04:00", MON, AT(21, 59), -1},
		{"Mon-Fri 22:00-04:00", MON, AT(22, 0), AT(6, 0)},
		{"Mon-Fri 22:00-04:00", MON, AT(23, 30), AT(4, 30)},
		{"Mon-Fri 22:00-04:00", TUE, AT(3, 59), AT(0, 1)},
		{"Mon-Fri 22:00-04:00", TUE, AT(4, 0), -1},
		{"Mon-Fri 22:00-04:00", MON, AT(3, 0), -1},
		{"Mon-Fri 22:00-04:00", SAT, AT(3, 0), AT(1, 0)},
		{"Mon-Fri 22:00-04:00", SAT, AT(22, 0), -1},
		{"Sun 22:00-04:00", MON, AT(1, 0), AT(3, 0)},
		{"Mon-Fri 22:00-04:00; Sat,Sun 00:00-06:00", SAT, AT(5, 0), AT(1, 0)},
		{"Fri 22:00-24:00; Sat,Sun 00:00-24:00", FRI, AT(22, 0), AT(50, 0)},
		{"Fri 22:00-00:00; Sat 00:00-02:00", FRI, AT(23, 0), AT(3, 0)},
		{"22:00-23:00", WED, AT(22, 30), AT(0, 30)},
		{"daily 01:00-02:00,13:00-14:00", WED, AT(13, 15), AT(0, 45)},
		{"daily 01:00-02:00,13:00-14:00", WED, AT(2, 15), -1},
		{"Sat-Mon 10:00-11:00", SUN, AT(10, 0), AT(1, 0)},
		{"Sat-Mon 10:00-11:00", TUE, AT(10, 0), -1},
		{"mon,wed-thu 10:00-11:00", THU, AT(10, 0) + 30500, AT(1, 0) - 30500},
		{"00:00-24:00", THU, AT(10, 0), NEVER_CLOSES},
		{"", THU, AT(10, 0), NEVER_CLOSES},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
		_cleanup_arena_ struct arena *arena = arena_open();
		_cleanup_error_ struct error err = {0};
		struct window window;
		if (window_read(arena, CASES[i].window, &window, &err))
			fail_msg("row %zu: %s", i, err.message);
		int64_t room_ms = window_room_ms(&window, CASES[i].weekday, CASES[i].day_ms);
		if (room_ms != CASES[i].room_ms)
			fail_msg("row %zu: %s: %lld", i, CASES[i].window, (long long)room_ms);
	}
}

static void a_closed_window_says_when_it_opens(void **state)
{
	_cleanup_arena_ struct arena *arena = arena_open();
	_cleanup_error_ struct error err = {0};
	struct window window;
	(void)state;
	assert_int_equal(window_read(arena, "Mon-Fri 22:00-04:00", &window, &err), OK);
	assert_int_equal(window_opens_in_ms(&window, MON, AT(21, 0) + 1000), AT(1, 0) - 1000);
	assert_int_equal(window_opens_in_ms(&window, SAT, AT(4, 0)), AT(24 + 24 + 18, 0));
	assert_int_equal(window_opens_in_ms(&window, MON, AT(22, 0)), 0);
}

static void the_zone_is_named_once_for_all(void **state)
{
	static const struct {
		const char *window, *zone;
	} CASES[] = {
		{"Mon 22:00-04:00 Europe/Berlin; Sat 00:00-06:00", "Europe/Berlin"},
		{"Mon 22:00-04:00; Sat 00:00-06:00 America/Argentina/Buenos_Aires", "America/Argentina/Buenos_Aires"},
		{"Mon 22:00-04:00 Etc/GMT+5;Sat 00:00-06:00 Etc/GMT+5;", "Etc/GMT+5"},
		{"Mon 22:00-04:00", "UTC"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
		_cleanup_arena_ struct arena *arena = arena_open();
		_cleanup_error_ struct error err = {0};
		struct window window;
		assert_int_equal(window_read(arena, CASES[i].window, &window, &err), OK);
		assert_string_equal(window.zone, CASES[i].zone);
	}
}

static void what_is_no_window_is_refused_by_its_part(void **state)
{
	static const struct {
		const char *window, *message, *detail;
	} CASES[] = {
		{"Mondays 22:00-04:00", "window \"Mondays 22:00-04:00\": days are not understood",
	         "It could not be read from \"Mondays 22:00-04:00\" on."},
		{"Mon-22:00", "window \"Mon-22:00\": days are not understood", "It could not be read from \"22:00\" on."},
		{"Mon 22:00", "window \"Mon 22:00\": times are not understood", "It could not be read from \"22:00\" on."},
		{"Mon 25:00-26:00", "window \"Mon 25:00-26:00\": times are not understood",
	         "It could not be read from \"25:00-26:00\" on."},
		{"Mon 22:00-22:00", "window \"Mon 22:00-22:00\": times are not understood",
	         "It could not be read from \"22:00-22:00\" on."},
		{"Mon 2:00-4:00", "window \"Mon 2:00-4:00\": times are not understood",
	         "It could not be read from \"2:00-4:00\" on."},
		{"Mon 02:00-04:60", "window \"Mon 02:00-04:60\": times are not understood",
	         "It could not be read from \"02:00-04:60\" on."},
		{"Mon 02:00-04:00 'UTC'", "window \"Mon 02:00-04:00 'UTC'\": the zone is not understood",
	         "It could not be read from \"'UTC'\" on."},
		{"Mon 02:00-04:00 UTC Tue 02:00-04:00",
	         "window \"Mon 02:00-04:00 UTC Tue 02:00-04:00\": entries are separated by semicolons",
	         "It could not be read from \"Tue 02:00-04:00\" on."},
		{"Mon 02:00-04:00 UTC; Tue 02:00-04:00 Asia/Tokyo",
	         "window \"Mon 02:00-04:00 UTC; Tue 02:00-04:00 Asia/Tokyo\": a second zone is named",
	         "It could not be read from \"Asia/Tokyo\" on."},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
		_cleanup_arena_ struct arena *arena = arena_open();
		_cleanup_error_ struct error err = {0};
		struct window window;
		if (window_read(arena, CASES[i].window, &window, &err) != FAIL_USAGE)
			fail_msg("row %zu: %s was accepted", i, CASES[i].window);
		assert_string_equal(err.message, CASES[i].message);
		assert_string_equal(err.detail, CASES[i].detail);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(room_is_counted_across_midnight_and_joined_spans),
		cmocka_unit_test(a_closed_window_says_when_it_opens),
		cmocka_unit_test(the_zone_is_named_once_for_all),
		cmocka_unit_test(what_is_no_window_is_refused_by_its_part),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
