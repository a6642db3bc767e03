#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "cli/command.h"

#define PLAN_ID "1a2b3c4d5e6f7a8b9c0d1e2f3a4b5c6d7e8f9a0b1c2d3e4f5a6b7c8d9e0f1a2b"

static const char *const GRAPH_FORMATS[] = {"tree", "dot", "json", NULL};
static const struct command FLOW = {
	.name = "", .summary = "run the gates", .options = OPTIONS_PLAN | OPTIONS_APPLY | OPTION_BIT(OPTION_BATCH) |
                                                           OPTION_BIT(OPTION_STOP_BEFORE)};
static const struct command STATUS = {
	.name = "status", .summary = "what is applied",
	.options = OPTIONS_TARGET | OPTION_BIT(OPTION_FORMAT) | OPTION_BIT(OPTION_CHECK)};
static const struct command GRAPH = {.name = "graph", .summary = "who needs whom", .formats = GRAPH_FORMATS,
                                     .options = OPTION_BIT(OPTION_FORMAT)};
static const struct command NEW = {
	.name = "new", .summary = "a new file", .operands = "NAME", .operands_min = 1, .operands_max = 1,
	.options = OPTION_BIT(OPTION_MIGRATIONS)};
static const struct command *const TABLE[] = {&FLOW, &STATUS, &GRAPH, &NEW, NULL};

enum { MOST_ARGUMENTS = 16 };

/* Arguments as words of one text. */
static enum status parse(struct arena *arena, const struct command *const *table, const char *line,
                         struct options *options, struct error *err)
{
	const char *argv[MOST_ARGUMENTS] = {"pgsluice"};
	int argc = 1;
	char *rest = arena_strdup(arena, line);
	while (*rest) {
		size_t length = strcspn(rest, " ");
		argv[argc++] = arena_strndup(arena, rest, length);
		rest += length + (rest[length] == ' ');
	}
	return options_parse(arena, table, argc, argv, options, err);
}

static struct options parsed(struct arena *arena, const char *line)
{
	_cleanup_error_ struct error err = {0};
	struct options options;
	if (parse(arena, TABLE, line, &options, &err))
		fail_msg("%s: %s", line, err.message);
	return options;
}

static void values_are_taken_in_every_form(void **state)
{
	_cleanup_arena_ struct arena *arena = arena_open();
	(void)state;
	struct options options = parsed(arena, "--batch -d host=a -mDIR --config=c --until 0042 --wait-leader 2min "
	                                       "--approve 1A2B3C4D5E6F --waive inspect.drift --reason known");
	assert_ptr_equal(options.command, &FLOW);
	assert_true(options.batch);
	assert_string_equal(options.database, "host=a");
	assert_string_equal(options.migrations, "DIR");
	assert_string_equal(options.config, "c");
	assert_string_equal(options.until, "0042");
	assert_int_equal(options.wait_leader_ms, 120000);
	assert_string_equal(options.approve, "1a2b3c4d5e6f");
	assert_string_equal(options.waivers.items[0].check, "inspect.drift");
	assert_string_equal(options.waivers.items[0].reason, "known");
	assert_string_equal(options.format, "text");
}

static void options_may_stand_before_and_after_the_command(void **state)
{
	_cleanup_arena_ struct arena *arena = arena_open();
	(void)state;
	struct options options = parsed(arena, "-d x status --check --format json");
	assert_ptr_equal(options.command, &STATUS);
	assert_true(options.check);
	assert_string_equal(options.format, "json");
	assert_int_equal(options.operands.count, 0);

	options = parsed(arena, "new -m x -- --odd");
	assert_ptr_equal(options.command, &NEW);
	assert_int_equal(options.operands.count, 1);
	assert_string_equal(options.operands.items[0], "--odd");

	assert_string_equal(parsed(arena, "graph").format, "tree");
	assert_string_equal(parsed(arena, "graph --format dot").format, "dot");
}

static void help_and_version_need_no_command(void **state)
{
	_cleanup_arena_ struct arena *arena = arena_open();
	(void)state;
	assert_true(parsed(arena, "--help").help);
	assert_null(parsed(arena, "-h").command);
	assert_true(parsed(arena, "-V").version);
	assert_ptr_equal(parsed(arena, "new --help").command, &NEW);
}

static void without_a_command_it_is_the_console(void **state)
{
	_cleanup_arena_ struct arena *arena = arena_open();
	(void)state;
	assert_string_equal(parsed(arena, "").command->name, "");
	assert_false(parsed(arena, "-d service=live").batch);
	assert_true(parsed(arena, "--batch").batch);
}

static void wrong_usage_is_named_with_the_way_out(void **state)
{
	static const struct {
		const char *line, *message, *hint;
	} CASES[] = {
		{"statsu", "unknown command \"statsu\"", "Did you mean \"status\"?"},
		{"frobnicate", "unknown command \"frobnicate\"", "`pgsluice --help` lists the commands."},
		{"--batch --databse x", "unknown option \"--databse\"", "Did you mean \"--database\"?"},
		{"--batch --frobnicate", "unknown option \"--frobnicate\"", "`pgsluice --help` lists the options."},
		{"--batch -x", "unknown option \"-x\"", "`pgsluice --help` lists the options."},
		{"-hV", "unknown option \"-hV\"", "`pgsluice --help` lists the options."},
		{"--batch --to 3", "unknown option \"--to\"", "`pgsluice --help` lists the options."},
		{"status --approve " PLAN_ID, "pgsluice status does not take --approve",
	         "`pgsluice status --help` lists its options."},
		{"--batch --check", "pgsluice --batch does not take --check",
	         "`pgsluice --batch --help` lists its options."},
		{"--batch -d", "--database needs a value", "Write --database CONNINFO."},
		{"--batch --database=", "--database needs a value", "Write --database CONNINFO."},
		{"--batch=yes", "--batch takes no value", "Write --batch alone."},
		{"new", "pgsluice new needs NAME", "`pgsluice new --help` shows what it takes."},
		{"new a b", "pgsluice new does not take \"b\"", "`pgsluice new --help` shows what it takes."},
		{"status extra", "pgsluice status does not take \"extra\"",
	         "`pgsluice status --help` shows what it takes."},
		{"--batch --until v3", "--until: \"v3\" is not a version: the digits before the name of a migration file",
	         "Correct the value; pgsluice(1) says what each option takes."},
		{"--batch --approve 1a2b3c4d5e6", "--approve: \"1a2b3c4d5e6\" is not a plan id: its first 12 hex digits "
	                                          "or more",
	         "Correct the value; pgsluice(1) says what each option takes."},
		{"--batch --approve yes-please-do", "--approve: \"yes-please-do\" is not a plan id: its first 12 hex digits "
	                                            "or more",
	         "Correct the value; pgsluice(1) says what each option takes."},
		{"--batch --wait-leader long", "--wait-leader: \"long\" is not a duration such as 30s, 10min or 1h",
	         "Correct the value; pgsluice(1) says what each option takes."},
		{"--batch --stop-before aproval", "--stop-before: there is no gate \"aproval\"",
	         "Did you mean \"approval\"?"},
		{"--batch --waive apply --reason x", "--waive: \"apply\" cannot be waived",
	         "What happens on live is a fact and cannot be waived."},
		{"--batch --waive inspect.drift", "--waive inspect.drift has no --reason",
	         "Write --waive CHECK --reason TEXT: every waiver says why."},
		{"--batch --reason x", "--reason stands without its --waive",
	         "Write --waive CHECK --reason TEXT, one after the other."},
		{"--batch --waive inspect.drift --reason x --reason y", "--reason stands without its --waive",
	         "Write --waive CHECK --reason TEXT, one after the other."},
		{"graph --format text", "--format: \"text\" is not one of tree, dot, json", "Choose one of them."},
		{"status --format xml", "--format: \"xml\" is not one of text, json", "Choose one of them."},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
		_cleanup_arena_ struct arena *arena = arena_open();
		_cleanup_error_ struct error err = {0};
		struct options options;
		if (parse(arena, TABLE, CASES[i].line, &options, &err) != FAIL_USAGE)
			fail_msg("row %zu was accepted: %s", i, CASES[i].line);
		assert_string_equal(err.message, CASES[i].message);
		assert_string_equal(err.hint, CASES[i].hint);
	}
}

static void what_no_command_takes_is_unknown(void **state)
{
	static const struct command *const EMPTY[] = {NULL};
	_cleanup_arena_ struct arena *arena = arena_open();
	_cleanup_error_ struct error err = {0};
	struct options options;
	(void)state;
	assert_int_equal(parse(arena, EMPTY, "--batch", &options, &err), FAIL_USAGE);
	assert_string_equal(err.message, "unknown option \"--batch\"");
	assert_int_equal(parse(arena, EMPTY, "--version", &options, &err), OK);
}

static void the_target_is_the_option_else_the_environment_else_libpqs(void **state)
{
	_cleanup_arena_ struct arena *arena = arena_open();
	struct settings settings = {0};
	(void)state;
	struct options options = parsed(arena, "--batch");
	options_apply(&options, NULL, &settings);
	assert_string_equal(settings.conninfo, "");
	assert_string_equal(settings.migrations, "./migrations");
	options_apply(&options, "postgres://live", &settings);
	assert_string_equal(settings.conninfo, "postgres://live");
	options = parsed(arena, "--batch -d dbname=b");
	options_apply(&options, "postgres://live", &settings);
	assert_string_equal(settings.conninfo, "dbname=b");
}

static void every_option_of_every_command_is_in_its_help(void **state)
{
	(void)state;
	for (size_t i = 0; TABLE[i]; i++) {
		_cleanup_strbuf_ struct strbuf help = {0};
		options_help(&help, TABLE, TABLE[i]);
		for (enum option option = 0; option < OPTION_END; option++) {
			_cleanup_strbuf_ struct strbuf name = {0};
			strbuf_printf(&name, "--%s ", option_get(option)->name);
			uint64_t taken = TABLE[i]->options | OPTION_BIT(OPTION_HELP) | OPTION_BIT(OPTION_VERSION);
			bool expected = taken & OPTION_BIT(option);
			if (strcmp(strbuf_text(&name), "--batch ") == 0)
				continue; /* the usage line of the program names it too */
			if ((strstr(strbuf_text(&help), strbuf_text(&name)) != NULL) != expected)
				fail_msg("%s: %s", TABLE[i]->name, strbuf_text(&name));
		}
	}
}

static void the_help_of_a_command_is_made_from_its_row(void **state)
{
	_cleanup_strbuf_ struct strbuf help = {0};
	(void)state;
	options_help(&help, TABLE, &GRAPH);
	assert_string_equal(strbuf_text(&help), "usage: pgsluice graph [options]\n\n"
	                                        "who needs whom\n\n"
	                                        "options:\n"
	                                        "      --format tree|dot|json   how to print\n"
	                                        "  -h, --help                   print this and end\n"
	                                        "  -V, --version                print the version and end\n");
}

static void the_next_command_keeps_the_options_and_no_secret(void **state)
{
	static const struct {
		const char *line, *plan_id, *again;
	} CASES[] = {
		{"--batch", "1a2b3c4d5e6f", "pgsluice --batch --approve 1a2b3c4d5e6f"},
		{"-m dir --batch --stop-before approval", "1a2b3c4d5e6f",
	         "pgsluice --batch --approve 1a2b3c4d5e6f -m dir"},
		{"--batch --approve 999999999999 -d dbname=a", "1a2b3c4d5e6f",
	         "pgsluice --batch --approve 1a2b3c4d5e6f -d dbname=a"},
		{"--batch --approve 999999999999", "", "pgsluice --batch"},
		{"--batch --approve 999999999999", NULL, "pgsluice --batch --approve 999999999999"},
		{"--batch -d postgres://u:secret@h/db", NULL, "pgsluice --batch -d CONNINFO"},
		{"--batch -d postgres://u@h:5432/db", NULL, "pgsluice --batch -d postgres://u@h:5432/db"},
		{"--batch --source PASSWORD=secret", NULL, "pgsluice --batch --source CONNINFO"},
		{"--batch --waive inspect.drift --reason it's", NULL,
	         "pgsluice --batch --waive inspect.drift --reason 'it'\\''s'"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
		_cleanup_arena_ struct arena *arena = arena_open();
		_cleanup_strbuf_ struct strbuf again = {0};
		struct options options = parsed(arena, CASES[i].line);
		options_again(&again, &options, CASES[i].plan_id);
		if (strcmp(strbuf_text(&again), CASES[i].again) != 0)
			fail_msg("row %zu: %s", i, strbuf_text(&again));
	}
}

static void a_look_is_followed_by_the_flow_with_the_same_plan(void **state)
{
	static const struct {
		const char *line, *flow;
	} CASES[] = {
		{"status", "pgsluice --batch"},
		{"status --check -m dir", "pgsluice --batch -m dir"},
		{"status --format json -d password=secret", "pgsluice --batch -d CONNINFO"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
		_cleanup_arena_ struct arena *arena = arena_open();
		_cleanup_strbuf_ struct strbuf flow = {0};
		struct options options = parsed(arena, CASES[i].line);
		options_flow(&flow, &options);
		if (strcmp(strbuf_text(&flow), CASES[i].flow) != 0)
			fail_msg("row %zu: %s", i, strbuf_text(&flow));
	}
}

static void a_program_called_by_its_path_names_it(void **state)
{
	static const char *const ARGV[] = {"build dir/pgsluice", "--batch", NULL};
	_cleanup_arena_ struct arena *arena = arena_open();
	_cleanup_error_ struct error err = {0};
	_cleanup_strbuf_ struct strbuf again = {0};
	struct options options;
	(void)state;
	assert_int_equal(options_parse(arena, TABLE, 2, ARGV, &options, &err), OK);
	options_again(&again, &options, NULL);
	assert_string_equal(strbuf_text(&again), "'build dir/pgsluice' --batch");
}

static void help_fits_eighty_columns(void **state)
{
	(void)state;
	for (size_t i = 0; TABLE[i]; i++) {
		_cleanup_strbuf_ struct strbuf help = {0};
		options_help(&help, TABLE, TABLE[i]);
		for (const char *line = strbuf_text(&help); *line; line += strcspn(line, "\n") + 1)
			if (strcspn(line, "\n") > 80)
				fail_msg("%.*s", (int)strcspn(line, "\n"), line);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_are_taken_in_every_form),
		cmocka_unit_test(options_may_stand_before_and_after_the_command),
		cmocka_unit_test(help_and_version_need_no_command),
		cmocka_unit_test(without_a_command_it_is_the_console),
		cmocka_unit_test(wrong_usage_is_named_with_the_way_out),
		cmocka_unit_test(what_no_command_takes_is_unknown),
		cmocka_unit_test(the_target_is_the_option_else_the_environment_else_libpqs),
		cmocka_unit_test(every_option_of_every_command_is_in_its_help),
		cmocka_unit_test(the_help_of_a_command_is_made_from_its_row),
		cmocka_unit_test(the_next_command_keeps_the_options_and_no_secret),
		cmocka_unit_test(a_look_is_followed_by_the_flow_with_the_same_plan),
		cmocka_unit_test(a_program_called_by_its_path_names_it),
		cmocka_unit_test(help_fits_eighty_columns),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
