#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "cli/local_time.h"
#include "cli/screen.h"

struct fixture {
	struct screen screen;
	char *text;
	size_t length;
};

static struct fixture screen_of(bool terminal, bool glyphs)
{
	struct fixture f = {.screen = {.terminal = terminal, .glyphs = glyphs, .width = 40}};
	return f;
}

static void begin_test(struct fixture *f)
{
	f->screen.out = f->screen.log = open_memstream(&f->text, &f->length);
}

static void end_test(struct fixture *f)
{
	fclose(f->screen.out);
	free(f->text);
}

static void a_long_line_goes_on_below_indented(void **state)
{
	struct fixture f = screen_of(true, false);
	(void)state;
	begin_test(&f);
	screen_line(&f.screen, f.screen.out, TONE_PLAIN, "held", " 013 vector: it requires an extension that is not here");
	assert_string_equal(f.text, "held 013 vector: it requires an\n    extension that is not here\n");
	end_test(&f);
}

static void without_a_terminal_a_line_stays_one_line(void **state)
{
	struct fixture f = screen_of(false, false);
	(void)state;
	begin_test(&f);
	screen_line(&f.screen, f.screen.out, TONE_PLAIN, "held", " 013 vector: it requires an extension that is not here");
	screen_entry(&f.screen, TONE_GOOD, "ok", "backup.content", "5 tables and what else there is to say");
	screen_entry(&f.screen, TONE_PLAIN, "", "", "alone");
	assert_string_equal(f.text, "held 013 vector: it requires an extension that is not here\n"
	                            "  ok backup.content: 5 tables and what else there is to say\n"
	                            "    alone\n");
	end_test(&f);
}

static void entries_stand_in_columns(void **state)
{
	struct fixture f = screen_of(true, true);
	(void)state;
	begin_test(&f);
	screen_entry(&f.screen, TONE_GOOD, "ok", "files", "13 migrations, 4 applied");
	screen_entry(&f.screen, TONE_BAD, "not ok", "approval.consent", "nobody consented yet");
	screen_entry(&f.screen, TONE_GOOD, "", "", "more");
	assert_string_equal(f.text, "  \xE2\x9C\x94 files          13 migrations, 4\n"
	                            "                   applied\n"
	                            "  \xE2\x9C\x98 approval.consent nobody consented\n"
	                            "                   yet\n"
	                            "                   more\n");
	end_test(&f);
}

static void without_glyphs_words_mark_the_entries(void **state)
{
	struct fixture f = screen_of(true, false);
	(void)state;
	begin_test(&f);
	screen_entry(&f.screen, TONE_GOOD, "ok", "files", "13");
	screen_entry(&f.screen, TONE_BAD, "not ok", "a", "b");
	assert_string_equal(f.text, "  ok     files          13\n  not ok a              b\n");
	end_test(&f);
}

static void a_command_is_never_broken(void **state)
{
	struct fixture f = screen_of(true, false);
	(void)state;
	begin_test(&f);
	screen_command(&f.screen, f.screen.out, "next: ", "pgsluice --batch --approve 1a2b3c4d5e6f -m migrations");
	assert_string_equal(f.text, "next: pgsluice --batch --approve 1a2b3c4d5e6f -m migrations\n");
	end_test(&f);
}

static void the_progress_line_leaves_room_for_an_echoed_interrupt(void **state)
{
	struct fixture f = screen_of(true, false);
	(void)state;
	begin_test(&f);
	f.screen.width = 20;
	screen_progress(&f.screen, "%s", "0123456789abcdefghijklmnop");
	assert_string_equal(f.text, "\r0123456789abcdefg\x1b[K");
	end_test(&f);
}

static void times_are_those_of_this_place(void **state)
{
	static const struct {
		const char *stamp, *text;
	} CASES[] = {
		{"2026-01-31T23:30:00.000Z", "2026-02-01 01:30:00 XYZ"},
		{"2026-01-31T23:30:00.123456+00:00", "2026-02-01 01:30:00 XYZ"},
		{"2026-01-31T23:30:00+00:00", "2026-02-01 01:30:00 XYZ"},
		{"2026-01-31T23:30:00+05:00", "2026-01-31T23:30:00+05:00"},
		{"yesterday", "yesterday"},
		{"2026-02-31T23:30:00.000Z", "2026-02-31T23:30:00.000Z"},
	};
	_cleanup_arena_ struct arena *arena = arena_open();
	(void)state;
	setenv("TZ", "XYZ-2", 1);
	tzset();
	for (size_t i = 0; i < sizeof(CASES) / sizeof(*CASES); i++)
		assert_string_equal(local_time_text(arena, CASES[i].stamp), CASES[i].text);
	assert_null(local_time_text(arena, NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_long_line_goes_on_below_indented),
		cmocka_unit_test(without_a_terminal_a_line_stays_one_line),
		cmocka_unit_test(entries_stand_in_columns),
		cmocka_unit_test(without_glyphs_words_mark_the_entries),
		cmocka_unit_test(a_command_is_never_broken),
		cmocka_unit_test(the_progress_line_leaves_room_for_an_echoed_interrupt),
		cmocka_unit_test(times_are_those_of_this_place),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
