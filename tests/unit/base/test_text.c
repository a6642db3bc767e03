#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/text.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static void safe_text_shows_what_could_do_harm(void **state)
{
	static const struct {
		const char *text, *safe;
	} ROWS[] = {
		{"plain, \xC3\xA4 and \xF0\x9F\x98\x80", "plain, \xC3\xA4 and \xF0\x9F\x98\x80"},
		{"a\tb\nc", "a\tb\nc"},
		{"\x1B[31mred", "\xE2\x90\x9B[31mred"},
		{"cr\r\x07\x7F", "cr\xE2\x90\x8D\xE2\x90\x87\xE2\x90\xA1"},
		{"user\xE2\x80\xAEtxt.exe", "user<U+202E>txt.exe"},
		{"zero\xE2\x80\x8Bwidth", "zero<U+200B>width"},
		{"c1 \xC2\x9B", "c1 <U+009B>"},
		{"\xC0\x80 overlong", "\xEF\xBF\xBD\xEF\xBF\xBD overlong"},
		{"cut \xE2\x82", "cut \xEF\xBF\xBD\xEF\xBF\xBD"},
		{"\xED\xA0\x80", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"},
	};
	_cleanup_arena_ struct arena *scratch = arena_open();
	(void)state;
	for (size_t i = 0; i < COUNT(ROWS); i++)
		assert_string_equal(safe_text(scratch, ROWS[i].text), ROWS[i].safe);
	assert_null(safe_text(scratch, NULL));
}

static void safe_text_on_one_line_shows_line_ends(void **state)
{
	_cleanup_strbuf_ struct strbuf out = {0};
	(void)state;
	text_safe(&out, "a\n\tb", 4, false);
	assert_string_equal(strbuf_text(&out), "a\xE2\x90\x8A\xE2\x90\x89"
	                                       "b");
}

static void safe_text_shows_a_nul_byte(void **state)
{
	_cleanup_strbuf_ struct strbuf out = {0};
	(void)state;
	text_safe(&out, "a\0b", 3, true);
	assert_string_equal(strbuf_text(&out), "a\xE2\x90\x80"
	                                       "b");
}

static void valid_prefix_ends_at_the_first_broken_byte(void **state)
{
	(void)state;
	assert_int_equal(text_valid_prefix("caf\xC3\xA9", 5), 5);
	assert_int_equal(text_valid_prefix("caf\xC3", 4), 3);
	assert_int_equal(text_valid_prefix("ok\xFFno", 5), 2);
	assert_int_equal(text_valid_prefix("", 0), 0);
}

static void decode_takes_the_largest_code_point_and_no_larger(void **state)
{
	uint32_t code = 0;
	(void)state;
	assert_int_equal(text_decode("\xF4\x8F\xBF\xBF", 4, &code), 4);
	assert_int_equal(code, 0x10FFFF);
	assert_int_equal(text_decode("\xF4\x90\x80\x80", 4, &code), 0);
}

static void durations_are_read_in_the_servers_units(void **state)
{
	static const struct {
		const char *text;
		int64_t ms;
	} ROWS[] = {{"0", 0},         {"250", 250},        {"250ms", 250},       {"2s", 2000}, {"10min", 600000},
	            {"4h", 14400000}, {"1d", 86400000}, {"30 s", 30000}};
	static const char *const WRONG[] = {"", "s", "-1s", "1.5s", "2 minutes", "1S", "2s ", "99999999999999999999"};
	int64_t ms;
	(void)state;
	for (size_t i = 0; i < COUNT(ROWS); i++) {
		ms = -1;
		if (!text_read_duration(ROWS[i].text, &ms) || ms != ROWS[i].ms)
			fail_msg("\"%s\" gave %lld ms", ROWS[i].text, (long long)ms);
	}
	for (size_t i = 0; i < COUNT(WRONG); i++) {
		ms = -1;
		if (text_read_duration(WRONG[i], &ms) || ms != -1)
			fail_msg("\"%s\" was taken as %lld ms", WRONG[i], (long long)ms);
	}
}

static void sizes_and_times_are_written_for_people(void **state)
{
	_cleanup_arena_ struct arena *scratch = arena_open();
	(void)state;
	assert_string_equal(text_bytes(scratch, 0), "0 B");
	assert_string_equal(text_bytes(scratch, 1536), "1.5 KiB");
	assert_string_equal(text_bytes(scratch, 447LL << 20), "447 MiB");
	assert_string_equal(text_duration(scratch, 999), "999 ms");
	assert_string_equal(text_duration(scratch, 1200), "1.2 s");
	assert_string_equal(text_duration(scratch, 200000), "3 min 20 s");
}

static void lines_break_at_blanks_and_long_words_stay_whole(void **state)
{
	static const struct {
		const char *text;
		size_t column, indent, width;
		const char *lines;
	} CASES[] = {
		{"one two three", 0, 2, 8, "one two\n  three"},
		{"one two three", 5, 2, 8, "one\n  two\n  three"},
		{"one two three", 0, 2, 0, "one two three"},
		{"one\ntwo three", 0, 4, 80, "one\n    two three"},
		{"a 0123456789abcdef b", 0, 2, 8, "a 0123456789abcdef\n  b"},
		{"abc 0123456789abcdef b", 0, 2, 8, "abc\n  0123456789abcdef\n  b"},
		{"0123456789abcdef", 2, 2, 8, "0123456789abcdef"},
		{"  one   two", 0, 0, 9, "  one\ntwo"},
		{"\xC3\xA4\xC3\xA4\xC3\xA4 \xC3\xB6\xC3\xB6", 0, 0, 6, "\xC3\xA4\xC3\xA4\xC3\xA4 \xC3\xB6\xC3\xB6"},
		{"", 3, 2, 8, ""},
	};
	(void)state;
	for (size_t i = 0; i < COUNT(CASES); i++) {
		_cleanup_strbuf_ struct strbuf out = {0};
		text_wrap(&out, CASES[i].text, CASES[i].column, CASES[i].indent, CASES[i].width);
		if (strcmp(strbuf_text(&out), CASES[i].lines) != 0)
			fail_msg("row %zu: \"%s\"", i, strbuf_text(&out));
	}
}

static void nearest_word_is_found_only_when_it_is_near(void **state)
{
	static const char *const WORDS[] = {"requires", "requires-extension", "phase", "allow"};
	(void)state;
	assert_string_equal(text_nearest("require", WORDS, COUNT(WORDS)), "requires");
	assert_string_equal(text_nearest("pahse", WORDS, COUNT(WORDS)), "phase");
	assert_string_equal(text_nearest("allow", WORDS, COUNT(WORDS)), "allow");
	assert_null(text_nearest("transaction", WORDS, COUNT(WORDS)));
}

static void latencies_have_three_digits(void **state)
{
	(void)state;
	struct arena *arena = arena_open();
	assert_string_equal(text_latency(arena, 0), "0 us");
	assert_string_equal(text_latency(arena, 999), "999 us");
	assert_string_equal(text_latency(arena, 1234), "1.23 ms");
	assert_string_equal(text_latency(arena, 12345), "12.3 ms");
	assert_string_equal(text_latency(arena, 850400), "850 ms");
	assert_string_equal(text_latency(arena, 2100000), "2.10 s");
	arena_close(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(safe_text_shows_what_could_do_harm),
		cmocka_unit_test(safe_text_on_one_line_shows_line_ends),
		cmocka_unit_test(safe_text_shows_a_nul_byte),
		cmocka_unit_test(valid_prefix_ends_at_the_first_broken_byte),
		cmocka_unit_test(decode_takes_the_largest_code_point_and_no_larger),
		cmocka_unit_test(durations_are_read_in_the_servers_units),
		cmocka_unit_test(sizes_and_times_are_written_for_people),
		cmocka_unit_test(lines_break_at_blanks_and_long_words_stay_whole),
		cmocka_unit_test(nearest_word_is_found_only_when_it_is_near),
		cmocka_unit_test(latencies_have_three_digits),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
