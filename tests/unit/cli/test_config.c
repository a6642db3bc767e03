#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "cli/config.h"
#include "cli/setting.h"
#include "sys/file.h"

struct fixture {
	struct arena *arena;
	struct settings settings;
	struct error err;
	char folder[64];
	const char *path;
};

static int set_up(void **state)
{
	static struct fixture fixture;
	fixture = (struct fixture){.arena = arena_open(), .folder = "/tmp/pgsluice-config-XXXXXX"};
	if (!mkdtemp(fixture.folder))
		return -1;
	fixture.path = path_join(fixture.arena, fixture.folder, "pgsluice.conf");
	settings_init(fixture.arena, &fixture.settings);
	*state = &fixture;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;
	_cleanup_error_ struct error err = {0};
	int failed = folder_remove(f->folder, &err) != OK;
	error_clear(&f->err);
	arena_close(f->arena);
	return failed;
}

static void write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
	assert_int_equal(chmod(path, 0600), 0);
}

static enum status read_text(struct fixture *f, const char *text)
{
	write_file(f->path, text);
	return config_read(f->arena, f->path, &f->settings, &f->err);
}

static void keys_comments_and_continued_lines_are_read(void **state)
{
	struct fixture *f = *state;
	if (read_text(f, "# the live one\n"
	                 "environment = PROD\n"
	                 "\n"
	                 "; another comment\n"
	                 "window = Mon-Fri 22:00-04:00 Europe/Berlin;\n"
	                 "    Sat,Sun 00:00-06:00\n"
	                 "notify-command = /opt/notify --subject 'a b'\n"
	                 "not-checked.preflight.disk = managed service, no shell\n"
	                 "lock-timeout = 2s"))
		fail_msg("%s", f->err.message);
	assert_string_equal(f->settings.environment, "PROD");
	assert_string_equal(f->settings.window, "Mon-Fri 22:00-04:00 Europe/Berlin; Sat,Sun 00:00-06:00");
	assert_int_equal(f->settings.notify_command.count, 3);
	assert_string_equal(f->settings.not_checked.items[0].reason, "managed service, no shell");
	assert_int_equal(f->settings.lock_timeout_ms, 2000);
}

#define LONG_WORD "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz"

static void what_is_wrong_is_named_with_file_and_line(void **state)
{
	static const struct {
		const char *text, *message, *hint;
		long line;
	} CASES[] = {
		{"environment = PROD\nlock-timout = 1s\n", "unknown key \"lock-timout\"",
	         "Did you mean \"lock-timeout\"?", 2},
		{"\nrollback = maybe\n", "rollback: \"maybe\" is not report or require",
	         "Correct the value; pgsluice.conf(5) says what each key takes.", 2},
		{"role = a\n\nrole = b\n", "key \"role\" is given twice", "Remove one: line 1 gives it too.", 3},
		{"[live]\nrole = a\n", "there are no sections in this file", "Remove the line in brackets.", 1},
		{"role\n", "the line is not of the form key = value", "pgsluice.conf(5) shows the form of the file.", 1},
		{"window = Mon 22:00-23:00 ; Tue 22:00-23:00\n", "a comment must stand on a line of its own",
	         "Move the comment, or remove the blank before the semicolon.", 1},
		{"environment = PROD\n  role = a\n", "a line that begins with a blank continues the one before it",
	         "Remove the blanks before the key.", 2},
		{"notify-command = " LONG_WORD LONG_WORD LONG_WORD "\n", "the line is too long",
	         "Break it: a line that begins with a blank continues the one before it.", 1},
		{"lock-budget = 10ms\n", "lock-timeout is longer than lock-budget",
	         "One attempt must fit the budget of all attempts.", 0},
	};
	for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
		struct fixture *f = *state;
		settings_init(f->arena, &f->settings);
		if (read_text(f, CASES[i].text) != FAIL_USAGE)
			fail_msg("row %zu was accepted", i);
		assert_string_equal(f->err.message, CASES[i].message);
		assert_string_equal(f->err.hint, CASES[i].hint);
		assert_string_equal(f->err.file, f->path);
		assert_int_equal(f->err.line, CASES[i].line);
	}
}

static void a_file_that_is_not_there_is_refused(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(config_read(f->arena, f->path, &f->settings, &f->err), FAIL_USAGE);
	assert_string_equal(f->err.message,
	                    arena_printf(f->arena, "could not read %s: No such file or directory", f->path));
}

static void a_file_that_names_commands_must_not_be_writable_by_others(void **state)
{
	static const mode_t MODES[] = {0620, 0602, 0666};
	struct fixture *f = *state;
	for (size_t i = 0; i < sizeof(MODES) / sizeof(MODES[0]); i++) {
		write_file(f->path, "role = a\nnotify-command = /opt/notify\n");
		assert_int_equal(chmod(f->path, MODES[i]), 0);
		settings_init(f->arena, &f->settings);
		assert_int_equal(config_read(f->arena, f->path, &f->settings, &f->err), FAIL_USAGE);
		assert_string_equal(f->err.message, "notify-command names a command in a file that others can write");
		assert_int_equal(f->err.line, 2);
	}
	assert_int_equal(chmod(f->path, 0644), 0);
	settings_init(f->arena, &f->settings);
	assert_int_equal(config_read(f->arena, f->path, &f->settings, &f->err), OK);
}

static void a_file_without_commands_may_be_writable_by_others(void **state)
{
	struct fixture *f = *state;
	write_file(f->path, "role = a\n");
	assert_int_equal(chmod(f->path, 0666), 0);
	assert_int_equal(config_read(f->arena, f->path, &f->settings, &f->err), OK);
}

static void a_file_that_names_commands_must_be_ours_or_roots(void **state)
{
	struct fixture *f = *state;
	if (geteuid() != 0)
		skip(); /* only root can give a file away */
	write_file(f->path, "backup-command = /opt/backup\n");
	assert_int_equal(chown(f->path, 65534, 65534), 0);
	assert_int_equal(config_read(f->arena, f->path, &f->settings, &f->err), FAIL_USAGE);
	assert_string_equal(f->err.message, "backup-command names a command in a file that another user owns");
}

static void the_file_is_looked_for_in_its_order(void **state)
{
	struct fixture *f = *state;
	char before[4096];
	assert_non_null(getcwd(before, sizeof(before)));
	const char *xdg = path_join(f->arena, f->folder, "xdg"), *inner = path_join(f->arena, xdg, "pgsluice");
	assert_int_equal(mkdir(xdg, 0700), 0);
	assert_int_equal(mkdir(inner, 0700), 0);
	assert_int_equal(setenv("XDG_CONFIG_HOME", xdg, 1), 0);
	assert_int_equal(chdir(f->folder), 0);

	assert_null(config_find(f->arena, NULL));
	write_file(path_join(f->arena, inner, "pgsluice.conf"), "role = a\n");
	assert_string_equal(config_find(f->arena, NULL), path_join(f->arena, inner, "pgsluice.conf"));
	write_file(f->path, "role = b\n");
	assert_string_equal(config_find(f->arena, NULL), "./pgsluice.conf");
	assert_string_equal(config_find(f->arena, "/etc/none.conf"), "/etc/none.conf");
	assert_int_equal(chdir(before), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(keys_comments_and_continued_lines_are_read),
		TEST(what_is_wrong_is_named_with_file_and_line),
		TEST(a_file_that_is_not_there_is_refused),
		TEST(a_file_that_names_commands_must_not_be_writable_by_others),
		TEST(a_file_without_commands_may_be_writable_by_others),
		TEST(a_file_that_names_commands_must_be_ours_or_roots),
		TEST(the_file_is_looked_for_in_its_order),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
