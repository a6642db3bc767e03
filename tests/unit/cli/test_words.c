#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "cli/words.h"

static const char *joined(struct arena *arena, const struct text_list *words)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	for (size_t i = 0; i < words->count; i++)
		strbuf_printf(&text, "[%s]", words->items[i]);
	return arena_strdup(arena, strbuf_text(&text));
}

static void words_are_split_at_blanks_outside_quotes(void **state)
{
	static const struct {
		const char *text, *words;
	} CASES[] = {
		{"", ""},
		{"  \t ", ""},
		{"/usr/bin/backup", "[/usr/bin/backup]"},
		{"a  b\tc ", "[a][b][c]"},
		{"a 'b c' \"d e\"", "[a][b c][d e]"},
		{"a'b'\"c\"d", "[abcd]"},
		{"'' \"\"", "[][]"},
		{"'a\\b' \"a\\\"b\\\\c\\d\" a\\ b", "[a\\b][a\"b\\c\\d][a b]"},
		{"echo $HOME `id` ; rm *", "[echo][$HOME][`id`][;][rm][*]"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
		_cleanup_arena_ struct arena *arena = arena_open();
		_cleanup_error_ struct error err = {0};
		struct text_list words = {0};
		assert_int_equal(words_split(arena, CASES[i].text, &words, &err), OK);
		if (strcmp(joined(arena, &words), CASES[i].words) != 0)
			fail_msg("row %zu: %s", i, joined(arena, &words));
	}
}

static void what_is_not_closed_is_refused(void **state)
{
	static const struct {
		const char *text, *message;
	} CASES[] = {
		{"a 'b", "a ' quote is not closed"},
		{"\"b\\\"", "a \" quote is not closed"},
		{"a\\", "a backslash stands at the end"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
		_cleanup_arena_ struct arena *arena = arena_open();
		_cleanup_error_ struct error err = {0};
		struct text_list words = {0};
		assert_int_equal(words_split(arena, CASES[i].text, &words, &err), FAIL_USAGE);
		assert_string_equal(err.message, CASES[i].message);
	}
}

static void a_quoted_word_is_read_back_as_it_was(void **state)
{
	static const struct {
		const char *word, *quoted;
	} CASES[] = {
		{"plain-1.2/x", "plain-1.2/x"}, {"", "''"},           {"two words", "'two words'"},
		{"it's", "'it'\\''s'"},          {"$HOME", "'$HOME'"}, {"a\\b\"c", "'a\\b\"c'"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
		_cleanup_arena_ struct arena *arena = arena_open();
		_cleanup_error_ struct error err = {0};
		_cleanup_strbuf_ struct strbuf quoted = {0};
		struct text_list words = {0};
		words_quote(&quoted, CASES[i].word);
		assert_string_equal(strbuf_text(&quoted), CASES[i].quoted);
		assert_int_equal(words_split(arena, strbuf_text(&quoted), &words, &err), OK);
		assert_int_equal(words.count, 1);
		assert_string_equal(words.items[0], CASES[i].word);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_are_split_at_blanks_outside_quotes),
		cmocka_unit_test(what_is_not_closed_is_refused),
		cmocka_unit_test(a_quoted_word_is_read_back_as_it_was),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
