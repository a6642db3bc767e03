/*
 * What readline 8.2 does not survive where keys reach it one by one, and random keys in both of its modes. CAMPAIGN_MS
 * is how long the random ones last (500), CAMPAIGN_SEED where they begin (1).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <inttypes.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "console/keymap.h"
#include "console/prompt.h"
#include "sys/clock.h"

/* Readline loses some bytes where motions of vi are broken off. LeakSanitizer is to look at ours. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
	return "leak:libreadline";
}

enum { KEYS_OF_A_LINE_MAX = 60, LINE_BYTES_MAX = 4096 };

/* What users have in their inputrc, and keys that change between the modes. */
static const char INPUTRC[] = "set convert-meta on\n"
			      "set isearch-terminators \"\\033\"\n"
			      "\"\\e[A\": history-search-backward\n"
			      "\"\\e[B\": history-search-forward\n"
			      "\"\\e[C\": menu-complete\n"
			      "\"\\C-o\": operate-and-get-next\n"
			      "\"\\C-xv\": vi-editing-mode\n"
			      "\"\\C-xm\": \"\\C-rwaive\\C-arun \\C-e\"\n"
			      "\"\\C-xp\": previous-history\n"
			      "\"\\C-xo\": next-history\n"
			      "\"\\C-xn\": \"\\C-xn\"\n"
			      "\"\\C-xf\": non-incremental-reverse-search-history\n"
			      "\"\\C-xg\": fetch-history\n"
			      "\"jk\": vi-movement-mode\n"
			      "set keymap vi-command\n"
			      "\"\\C-e\": emacs-editing-mode\n"
			      "set keymap vi-insert\n"
			      "\"\\C-e\": emacs-editing-mode\n"
			      "\"\\e[A\": history-search-backward\n";

static void offer(void *context, struct arena *arena, const char *line, size_t start, struct text_list *candidates)
{
	(void)context, (void)line;
	text_list_add_once(arena, candidates, start ? "backup" : "rollback");
	text_list_add_once(arena, candidates, start ? "rehearsal" : "run");
}

static struct prompt *opened(void)
{
	static struct prompt *prompt;
	char path[] = "/tmp/test_inputrc.XXXXXX";

	if (prompt)
		return prompt;
	int fd = mkstemp(path);
	assert_int_equal(write(fd, INPUTRC, sizeof(INPUTRC) - 1), sizeof(INPUTRC) - 1);
	close(fd);
	setenv("INPUTRC", path, 1);
	prompt = prompt_open(NULL, offer, NULL);
	unlink(path);
	return prompt;
}

static enum prompt_outcome type(struct prompt *prompt, const char *text)
{
	enum prompt_outcome outcome = PROMPT_GOES_ON;

	for (; *text && outcome == PROMPT_GOES_ON; text++)
		outcome = prompt_key(prompt, *text == '\n' ? KEY_ENTER_KEY : *text == '\t' ? KEY_TAB_KEY : *text);
	return outcome;
}

static struct prompt *begun(const char *const *before)
{
	struct prompt *prompt = opened();

	for (; before && *before; before++) {
		prompt_begin(prompt, PROMPT_COMMAND, NULL);
		type(prompt, *before);
		assert_int_equal(prompt_key(prompt, KEY_ENTER_KEY), PROMPT_DONE);
	}
	prompt_begin(prompt, PROMPT_COMMAND, NULL);
	return prompt;
}

static const char *const LINES[] = {"run backup", "waive drift", "rollback 004", NULL};

/* Several keys, of which each has its name. */
static void press(struct prompt *prompt, size_t count, const int keys[])
{
	for (size_t i = 0; i < count; i++)
		assert_int_equal(prompt_key(prompt, keys[i]), PROMPT_GOES_ON);
}

#define PRESS(prompt, ...) \
	press(prompt, sizeof((const int[]){__VA_ARGS__}) / sizeof(int), (const int[]){__VA_ARGS__})

enum { C_A = 1, C_C = 3, C_E = 5, C_G = 7, C_K = 11, C_R = 18, C_S = 19, C_U = 21, C_X = 24, C_Y = 25, C_UNDO = 31 };

/* Readline would push them back, and jump into a frame that is gone as they are bound to nothing. */
static void a_search_ends_before_keys_that_are_bound_to_nothing(void **state)
{
	struct prompt *prompt = begun(LINES);
	(void)state;
	PRESS(prompt, C_R, 'w', C_X, 'q');
	assert_string_equal(prompt_text(prompt), "waive drift");
	PRESS(prompt, C_R, 'u', 'Q' | KEY_ALT, '!');
	assert_string_equal(prompt_text(prompt), "run back!up");
}

/* An entry of the history and the line from before the history had the same, and both freed them. */
static void changes_of_lines_of_the_history_have_one_owner(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++) {
		struct prompt *prompt = begun(LINES);
		PRESS(prompt, C_X, 'p', 'p' | KEY_ALT, 'u', 'n', KEY_ENTER_KEY, 'y', C_X, 'p', C_UNDO);
		assert_int_equal(prompt_key(prompt, i ? KEY_ENTER_KEY : C_C), i ? PROMPT_DONE : PROMPT_LEFT);
	}
}

static void a_line_of_the_history_keeps_its_change_until_the_line_ends(void **state)
{
	struct prompt *prompt = begun(LINES);
	(void)state;
	PRESS(prompt, 'n', C_X, 'p', '!', C_X, 'p', C_X, 'o');
	assert_string_equal(prompt_text(prompt), "rollback 004!");
	PRESS(prompt, C_X, 'o');
	assert_string_equal(prompt_text(prompt), "n");
	prompt = begun(NULL);
	PRESS(prompt, C_X, 'p');
	assert_string_equal(prompt_text(prompt), "rollback 004");
}

static void a_search_can_be_turned_round_and_left(void **state)
{
	struct prompt *prompt = begun(LINES);
	(void)state;
	PRESS(prompt, 'q', C_R, 'a', C_R, C_R);
	assert_string_equal(prompt_text(prompt), "run backup");
	PRESS(prompt, C_S, C_S);
	assert_string_equal(prompt_text(prompt), "waive drift");
	PRESS(prompt, C_C);
	assert_string_equal(prompt_text(prompt), "run backup");
	PRESS(prompt, C_R, 'l', KEY_ESCAPE, C_R, 'l');
	assert_string_equal(prompt_text(prompt), "rollback 004");
	assert_int_equal(prompt_key(prompt, KEY_ENTER_KEY), PROMPT_DONE);
	assert_string_equal(prompt_text(prompt), "rollback 004");
}

static void a_count_is_for_the_next_key_and_has_an_end(void **state)
{
	struct prompt *prompt = begun(NULL);
	(void)state;
	PRESS(prompt, '3' | KEY_ALT, 'x', '1' | KEY_ALT, '2', 0xe9);
	assert_string_equal(prompt_text(prompt), "xxxéééééééééééé");
	PRESS(prompt, C_A, C_K, '9' | KEY_ALT, '9', '9', '9', '9', '9', 'x');
	assert_int_equal(strlen(prompt_text(prompt)), 99);
	PRESS(prompt, C_A, C_K, 'a', 'b', '2' | KEY_ALT);
	assert_int_equal(prompt_key(prompt, KEY_ENTER_KEY), PROMPT_DONE);
	assert_string_equal(prompt_text(prompt), "ab");
}

static void macros_of_the_inputrc_are_typed_and_end(void **state)
{
	struct prompt *prompt = begun(LINES);
	(void)state;
	PRESS(prompt, C_X, 'm');
	assert_string_equal(prompt_text(prompt), "run waive drift");
	PRESS(prompt, C_X, 'n', '!');
	assert_string_equal(prompt_text(prompt), "run waive drift!");
}

static void a_line_does_not_grow_without_end(void **state)
{
	struct prompt *prompt = begun(NULL);
	(void)state;
	PRESS(prompt, 0xe9, 0xe9, 'x');
	for (int i = 0; i < 30; i++)
		PRESS(prompt, C_A, C_K, C_Y, C_Y);
	assert_in_range(strlen(prompt_text(prompt)), LINE_BYTES_MAX - 1, LINE_BYTES_MAX);
}

static void words_are_not_read_behind_the_end_of_a_line(void **state)
{
	static const char *const CUT[] = {"run \\", NULL};
	struct prompt *prompt = begun(LINES);
	(void)state;
	PRESS(prompt, '.' | KEY_ALT);
	assert_string_equal(prompt_text(prompt), "004");
	prompt = begun(CUT);
	PRESS(prompt, '.' | KEY_ALT);
	assert_string_equal(prompt_text(prompt), "");
}

static void the_commands_of_vi_take_motions_and_counts(void **state)
{
	struct prompt *prompt = begun(LINES);
	(void)state;
	PRESS(prompt, C_X, 'v');
	type(prompt, "one two three four");
	PRESS(prompt, KEY_ESCAPE);
	type(prompt, "0d2w");
	assert_string_equal(prompt_text(prompt), "three four");
	type(prompt, "dfr");
	assert_string_equal(prompt_text(prompt), "ee four");
	type(prompt, "scab");
	assert_string_equal(prompt_text(prompt), "cabe four");
	PRESS(prompt, KEY_ESCAPE);
	type(prompt, "u0d");
	PRESS(prompt, KEY_ESCAPE);
	type(prompt, "ra3x.");
	assert_string_equal(prompt_text(prompt), "r");
	type(prompt, "/waive\n");
	assert_string_equal(prompt_text(prompt), "waive drift");
	PRESS(prompt, 'A', 'k' | KEY_ALT);
	assert_string_equal(prompt_text(prompt), "run backup");
	PRESS(prompt, C_E);
	assert_int_equal(prompt_key(prompt, KEY_ESCAPE), PROMPT_LEFT);
}

static uint64_t state_of_chance;

static int below(int limit)
{
	uint64_t x = state_of_chance;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	state_of_chance = x;
	return (int)(x >> 11 & 0x7fffffff) % limit;
}

static int any_key(void)
{
	static const int OFTEN[] = {
		KEY_ARROW_UP, KEY_ARROW_DOWN, KEY_TAB_KEY, KEY_BACKSPACE_KEY, 18, 19, 7, 21, 24, 22, 29, 31, 25, 11,
		'5', '-', 'd', 'c', 'f', 's', 'y', 'p', '.', 'u', '/', 'n', 'G', 'k', 'j', 'e', '(', ')', 'v', 'm', 'r',
		'w', 'b', 5, 15, 'p' | KEY_ALT, 'n' | KEY_ALT, '5' | KEY_ALT, '-' | KEY_ALT, '.' | KEY_ALT, 'y' | KEY_ALT,
		'r' | KEY_ALT, '<' | KEY_ALT, '>' | KEY_ALT, 29 | KEY_ALT, '#' | KEY_ALT, 0xe9, 0x6f22, 0x1f600,
	};

	switch (below(10)) {
	case 0: return 1 + below(127);
	case 1: return KEY_NAMED + 1 + below(KEY_F12 - KEY_NAMED);
	case 2: return (1 + below(126)) | KEY_ALT;
	case 3: return below(4) ? KEY_ENTER_KEY : KEY_ESCAPE;
	default: return OFTEN[below((int)(sizeof(OFTEN) / sizeof(OFTEN[0])))];
	}
}

static void no_keys_break_the_prompt(void **state)
{
	const char *ms = getenv("CAMPAIGN_MS"), *seed = getenv("CAMPAIGN_SEED");
	int64_t end = clock_ms() + (ms ? strtoll(ms, NULL, 10) : 500);
	uint64_t first = seed ? strtoull(seed, NULL, 10) : 1, life = first;
	struct canvas *canvas = canvas_open(24, 80, false);
	struct area area = area_whole(canvas);
	struct prompt *prompt = begun(LINES);

	(void)state;
	for (; clock_ms() < end; life++) {
		state_of_chance = (life + 1) * UINT64_C(0x9e3779b97f4a7c15);
		if (getenv("CAMPAIGN_LOUD"))
			fprintf(stderr, "line %" PRIu64 "\n", life);
		prompt_begin(prompt, (enum prompt_kind)below(PROMPT_FILTER + 1), below(3) ? NULL : "run");
		for (int i = 0; i < KEYS_OF_A_LINE_MAX; i++) {
			int key = any_key();
			if (getenv("CAMPAIGN_LOUD"))
				fprintf(stderr, " %#x", key);
			if (prompt_key(prompt, key) != PROMPT_GOES_ON)
				break;
			assert_true(strlen(prompt_text(prompt)) <= LINE_BYTES_MAX);
			prompt_draw(prompt, &area);
		}
	}
	printf("%" PRIu64 " lines from seed %" PRIu64 "\n", life - first, first);
	canvas_close(canvas);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_search_ends_before_keys_that_are_bound_to_nothing),
		cmocka_unit_test(changes_of_lines_of_the_history_have_one_owner),
		cmocka_unit_test(a_line_of_the_history_keeps_its_change_until_the_line_ends),
		cmocka_unit_test(a_search_can_be_turned_round_and_left),
		cmocka_unit_test(a_count_is_for_the_next_key_and_has_an_end),
		cmocka_unit_test(macros_of_the_inputrc_are_typed_and_end),
		cmocka_unit_test(a_line_does_not_grow_without_end),
		cmocka_unit_test(words_are_not_read_behind_the_end_of_a_line),
		cmocka_unit_test(the_commands_of_vi_take_motions_and_counts),
		cmocka_unit_test(no_keys_break_the_prompt),
	};

	setlocale(LC_ALL, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
