/* Readline reads the user's inputrc once in a process, so this mode has a program of its own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "console/keymap.h"
#include "console/prompt.h"

static void type(struct prompt *prompt, const char *text)
{
	for (; *text; text++)
		assert_int_equal(prompt_key(prompt, *text), PROMPT_GOES_ON);
}

static void vi_users_leave_insert_mode_with_escape_and_the_prompt_with_the_next(void **state)
{
	char path[] = "/tmp/test_inputrc.XXXXXX";
	int fd = mkstemp(path);
	(void)state;
	assert_int_equal(write(fd, "set editing-mode vi\n", 20), 20);
	close(fd);
	setenv("INPUTRC", path, 1);
	struct prompt *prompt = prompt_open(NULL, NULL, NULL);
	prompt_begin(prompt, PROMPT_COMMAND, NULL);
	type(prompt, "run backup");
	assert_int_equal(prompt_key(prompt, KEY_ESCAPE), PROMPT_GOES_ON);
	type(prompt, "0x");
	assert_string_equal(prompt_text(prompt), "un backup");
	assert_int_equal(prompt_key(prompt, KEY_ESCAPE), PROMPT_LEFT);
	prompt_close(prompt);
	unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vi_users_leave_insert_mode_with_escape_and_the_prompt_with_the_next),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
