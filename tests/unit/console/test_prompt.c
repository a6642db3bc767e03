#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "console/keymap.h"
#include "console/prompt.h"
#include "sys/file.h"

static void offer(void *context, struct arena *arena, const char *line, size_t start, struct text_list *candidates)
{
	(void)context, (void)line;
	if (start == 0) {
		text_list_add_once(arena, candidates, "rollback");
		text_list_add_once(arena, candidates, "run");
		text_list_add_once(arena, candidates, "waive");
	} else {
		text_list_add_once(arena, candidates, "backup");
	}
}

static enum prompt_outcome type(struct prompt *prompt, const char *text)
{
	enum prompt_outcome outcome = PROMPT_GOES_ON;
	for (; *text && outcome == PROMPT_GOES_ON; text++)
		outcome = prompt_key(prompt, *text == '\n' ? KEY_ENTER_KEY : *text == '\t' ? KEY_TAB_KEY : *text);
	return outcome;
}

static struct prompt *opened(const char *history)
{
	setenv("INPUTRC", "/dev/null", 1);
	return prompt_open(history, offer, NULL);
}

static void a_line_is_typed_and_edited(void **state)
{
	struct prompt *prompt = opened(NULL);
	(void)state;
	prompt_begin(prompt, PROMPT_COMMAND, NULL);
	assert_int_equal(type(prompt, "run bakup"), PROMPT_GOES_ON);
	for (int i = 0; i < 3; i++)
		prompt_key(prompt, KEY_ARROW_LEFT);
	type(prompt, "c");
	assert_string_equal(prompt_text(prompt), "run backup");
	assert_int_equal(prompt_key(prompt, KEY_ENTER_KEY), PROMPT_DONE);
	assert_string_equal(prompt_text(prompt), "run backup");
	assert_false(prompt_is_open(prompt));
	prompt_close(prompt);
}

static void escape_and_control_c_leave(void **state)
{
	struct prompt *prompt = opened(NULL);
	(void)state;
	prompt_begin(prompt, PROMPT_COMMAND, NULL);
	type(prompt, "qui");
	assert_int_equal(prompt_key(prompt, KEY_ESCAPE), PROMPT_LEFT);
	prompt_begin(prompt, PROMPT_SEARCH, NULL);
	assert_string_equal(prompt_text(prompt), "");
	assert_int_equal(prompt_key(prompt, 3), PROMPT_LEFT);
	prompt_begin(prompt, PROMPT_SEARCH, NULL);
	assert_int_equal(prompt_key(prompt, 4), PROMPT_LEFT);
	prompt_close(prompt);
}

static void tab_completes_and_shows_what_is_possible(void **state)
{
	struct prompt *prompt = opened(NULL);
	struct canvas *canvas = canvas_open(4, 30, false);
	_cleanup_strbuf_ struct strbuf text = {0};
	struct area area = area_whole(canvas);
	(void)state;
	prompt_begin(prompt, PROMPT_COMMAND, NULL);
	type(prompt, "r\t");
	prompt_draw(prompt, &area);
	canvas_text(canvas, &text);
	assert_string_equal(strbuf_text(&text), "\n\nrollback  run\n:r\n");
	type(prompt, "u\tb\t");
	assert_string_equal(prompt_text(prompt), "run backup ");
	canvas_close(canvas);
	prompt_close(prompt);
}

static void the_cursor_stands_where_the_line_is_typed(void **state)
{
	struct prompt *prompt = opened(NULL);
	struct canvas *canvas = canvas_open(3, 10, false);
	struct area area = area_whole(canvas);
	_cleanup_strbuf_ struct strbuf text = {0};
	int row, column;
	(void)state;
	prompt_begin(prompt, PROMPT_SEARCH, "ab");
	prompt_draw(prompt, &area);
	canvas_get_cursor(canvas, &row, &column);
	assert_int_equal(row, 2);
	assert_int_equal(column, 3);
	type(prompt, "cdefghijklm");
	prompt_draw(prompt, &area);
	canvas_get_cursor(canvas, &row, &column);
	assert_int_equal(column, 9);
	canvas_text(canvas, &text);
	assert_string_equal(strbuf_text(&text), "\n\nefghijklm\n");
	canvas_close(canvas);
	prompt_close(prompt);
}

static void the_history_is_kept_in_a_file_of_the_owner(void **state)
{
	char folder[] = "/tmp/test_prompt.XXXXXX", path[64];
	struct stat info;
	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/history", folder);
	struct prompt *prompt = opened(path);
	prompt_begin(prompt, PROMPT_COMMAND, NULL);
	type(prompt, "run backup\n");
	prompt_begin(prompt, PROMPT_SEARCH, NULL);
	type(prompt, "orders\n");
	prompt_begin(prompt, PROMPT_COMMAND, NULL);
	prompt_key(prompt, KEY_ARROW_UP);
	assert_string_equal(prompt_text(prompt), "run backup");
	type(prompt, "x");
	prompt_begin(prompt, PROMPT_SEARCH, NULL);
	prompt_key(prompt, KEY_ARROW_UP);
	assert_string_equal(prompt_text(prompt), "orders");
	prompt_close(prompt);
	assert_int_equal(stat(path, &info), 0);
	assert_int_equal(info.st_mode & 0777, 0600);

	prompt = opened(path);
	prompt_begin(prompt, PROMPT_COMMAND, NULL);
	prompt_key(prompt, KEY_ARROW_UP);
	assert_string_equal(prompt_text(prompt), "run backup");
	prompt_close(prompt);
	unlink(path);
	rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_is_typed_and_edited),
		cmocka_unit_test(escape_and_control_c_leave),
		cmocka_unit_test(tab_completes_and_shows_what_is_possible),
		cmocka_unit_test(the_cursor_stands_where_the_line_is_typed),
		cmocka_unit_test(the_history_is_kept_in_a_file_of_the_owner),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
