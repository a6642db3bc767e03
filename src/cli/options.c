#include "cli/options.h"

#include <string.h>

#include "base/text.h"
#include "cli/command.h"

#define EVERYBODY (OPTION_BIT(OPTION_HELP) | OPTION_BIT(OPTION_VERSION))

struct parsing {
	struct arena *arena;
	const struct command *const *commands;
	const char *const *rest; /* the arguments not yet read, NULL-ended */
	struct options *options;
	struct error *err;
	uint64_t known;          /* options of any command */
};

static const char *const DEFAULT_FORMATS[] = {"text", "json", NULL};

static const char *display_name(struct arena *arena, const struct command *command)
{
	return *command->name ? arena_printf(arena, "pgsluice %s", command->name) : "pgsluice --batch";
}

static enum status refuse_option(struct parsing *parsing, const char *dashes, const char *name)
{
	const char *names[OPTION_END];
	size_t count = 0;
	for (enum option option = 0; option < OPTION_END; option++)
		if (parsing->known & OPTION_BIT(option))
			names[count++] = option_get(option)->name;
	const char *nearest = strlen(dashes) == 2 ? text_nearest(name, names, count) : NULL;

	error_set(parsing->err, FAIL_USAGE, "unknown option \"%s%s\"", dashes, safe_text(parsing->arena, name));
	if (nearest)
		return error_hint(parsing->err, "Did you mean \"--%s\"?", nearest);
	return error_hint(parsing->err, "`pgsluice --help` lists the options.");
}

static enum status take(struct parsing *parsing, enum option option, const char *value)
{
	const struct option_row *row = option_get(option);
	if (!row->argument && value) {
		error_set(parsing->err, FAIL_USAGE, "--%s takes no value", row->name);
		return error_hint(parsing->err, "Write --%s alone.", row->name);
	}
	if (row->argument && !value && *parsing->rest)
		value = *parsing->rest++;
	if (row->argument && (!value || !*value)) {
		error_set(parsing->err, FAIL_USAGE, "--%s needs a value", row->name);
		return error_hint(parsing->err, "Write --%s %s.", row->name, row->argument);
	}
	struct given given = {.option = option, .value = arena_strdup(parsing->arena, value)};
	list_push(parsing->arena, &parsing->options->given, given);
	return row->take(parsing->arena, parsing->options, row, value, parsing->err);
}

static enum status take_long(struct parsing *parsing, const char *text)
{
	const char *equals = strchr(text, '=');
	const char *name = equals ? arena_strndup(parsing->arena, text, (size_t)(equals - text)) : text;
	for (enum option option = 0; option < OPTION_END; option++)
		if (parsing->known & OPTION_BIT(option) && strcmp(option_get(option)->name, name) == 0)
			return take(parsing, option, equals ? equals + 1 : NULL);
	return refuse_option(parsing, "--", name);
}

/* Where psql takes a connection string; it may hold a password, so it is not repeated. */
static bool is_conninfo(const char *text)
{
	return strstr(text, "://") || strchr(text, '=') || strchr(text, '@');
}

/* "-dVALUE" and "-d VALUE"; letters are not bundled. */
static enum status take_short(struct parsing *parsing, const char *text)
{
	for (enum option option = 0; option < OPTION_END; option++) {
		if (!(parsing->known & OPTION_BIT(option)) || option_get(option)->letter != *text)
			continue;
		if (text[1] && !option_get(option)->argument)
			break;
		return take(parsing, option, text[1] ? text + 1 : NULL);
	}
	return refuse_option(parsing, "-", is_conninfo(text) ? arena_strndup(parsing->arena, text, 1) : text);
}

static enum status take_all(struct parsing *parsing)
{
	struct text_list *operands = &parsing->options->operands;
	bool only_operands = false;
	enum status status = OK;

	while (*parsing->rest && !status) {
		const char *argument = *parsing->rest++;
		if (only_operands || argument[0] != '-' || !argument[1])
			list_push(parsing->arena, operands, arena_strdup(parsing->arena, argument));
		else if (strcmp(argument, "--") == 0)
			only_operands = true;
		else if (argument[1] == '-')
			status = take_long(parsing, argument + 2);
		else
			status = take_short(parsing, argument + 1);
	}
	return status;
}

static enum status refuse_command(struct parsing *parsing, const char *name)
{
	enum { MOST = 64 };
	const char *names[MOST];
	size_t count = 0;
	for (size_t i = 0; parsing->commands[i] && count < MOST; i++)
		if (*parsing->commands[i]->name)
			names[count++] = parsing->commands[i]->name;
	const char *nearest = text_nearest(name, names, count);

	if (is_conninfo(name)) {
		error_set(parsing->err, FAIL_USAGE, "a connection string stands where a command is expected");
		return error_hint(parsing->err, "Give the target with -d CONNINFO.");
	}
	error_set(parsing->err, FAIL_USAGE, "unknown command \"%s\"", safe_text(parsing->arena, name));
	if (nearest)
		return error_hint(parsing->err, "Did you mean \"%s\"?", nearest);
	return error_hint(parsing->err, "`pgsluice --help` lists the commands.");
}

static enum status choose_command(struct parsing *parsing)
{
	struct options *options = parsing->options;
	const struct command *flow = command_find(parsing->commands, "");

	if (options->operands.count) {
		const char *name = options->operands.items[0];
		options->command = *name ? command_find(parsing->commands, name) : NULL;
		if (!options->command)
			return refuse_command(parsing, name);
		options->operands.items++;
		options->operands.count--;
	} else if (options->batch || (!options->help && !options->version)) {
		options->command = flow;
	}
	return OK;
}

static enum status check_options(struct parsing *parsing, const struct command *command)
{
	const struct options *options = parsing->options;
	for (size_t i = 0; i < options->given.count; i++) {
		enum option option = options->given.items[i].option;
		if ((command->options | EVERYBODY) & OPTION_BIT(option))
			continue;
		const char *name = display_name(parsing->arena, command);
		error_set(parsing->err, FAIL_USAGE, "%s does not take --%s", name, option_get(option)->name);
		return error_hint(parsing->err, "`%s --help` lists its options.", name);
	}
	return OK;
}

static enum status check_format(struct parsing *parsing, const struct command *command)
{
	const char *const *formats = command->formats ? command->formats : DEFAULT_FORMATS;
	const char *wanted = parsing->options->format;
	_cleanup_strbuf_ struct strbuf words = {0};

	if (!wanted)
		parsing->options->format = wanted = formats[0];
	for (size_t i = 0; formats[i]; i++) {
		if (strcmp(formats[i], wanted) == 0)
			return OK;
		strbuf_printf(&words, "%s%s", i ? ", " : "", formats[i]);
	}
	error_set(parsing->err, FAIL_USAGE, "--format: \"%s\" is not one of %s", safe_text(parsing->arena, wanted),
	          strbuf_text(&words));
	return error_hint(parsing->err, "Choose one of them.");
}

static enum status check_operands(struct parsing *parsing, const struct command *command)
{
	const struct text_list *operands = &parsing->options->operands;
	const char *name = display_name(parsing->arena, command);
	if (operands->count > command->operands_max && is_conninfo(operands->items[command->operands_max])) {
		error_set(parsing->err, FAIL_USAGE, "%s does not take a connection string as an operand", name);
		return error_hint(parsing->err, "Give the target with -d CONNINFO.");
	}
	if (operands->count > command->operands_max) {
		error_set(parsing->err, FAIL_USAGE, "%s does not take \"%s\"", name,
		          safe_text(parsing->arena, operands->items[command->operands_max]));
		return error_hint(parsing->err, "`%s --help` shows what it takes.", name);
	}
	if (operands->count < command->operands_min) {
		error_set(parsing->err, FAIL_USAGE, "%s needs %s", name, command->operands);
		return error_hint(parsing->err, "`%s --help` shows what it takes.", name);
	}
	return OK;
}

static enum status check_waivers(struct parsing *parsing)
{
	const struct options *options = parsing->options;
	for (size_t i = 0; i < options->waivers.count; i++) {
		if (options->waivers.items[i].reason)
			continue;
		error_set(parsing->err, FAIL_USAGE, "--waive %s has no --reason", options->waivers.items[i].check);
		return error_hint(parsing->err, "Write --waive CHECK --reason TEXT: every waiver says why.");
	}
	return OK;
}

static enum status check_all(struct parsing *parsing)
{
	const struct command *command = parsing->options->command;
	if (!command || parsing->options->help)
		return OK;
	enum status status = check_options(parsing, command);
	if (!status)
		status = check_format(parsing, command);
	if (!status)
		status = check_operands(parsing, command);
	return status ? status : check_waivers(parsing);
}

enum status options_parse(struct arena *arena, const struct command *const *commands, int argc,
                          const char *const *argv, struct options *ret_options, struct error *err)
{
	bool by_path = argc > 0 && strchr(argv[0], '/');
	struct options options = {.program = by_path ? arena_strdup(arena, argv[0]) : NULL};
	const char **arguments = arena_alloc(arena, ((size_t)argc + 1) * sizeof(*arguments));
	struct parsing parsing = {.arena = arena, .commands = commands, .rest = arguments, .options = &options,
	                          .err = err, .known = EVERYBODY};

	for (int i = 1; i < argc; i++)
		arguments[i - 1] = argv[i];
	for (size_t i = 0; commands[i]; i++)
		parsing.known |= commands[i]->options;
	enum status status = take_all(&parsing);
	if (!status)
		status = choose_command(&parsing);
	if (!status)
		status = check_all(&parsing);
	if (!status)
		*ret_options = options;
	return status;
}

void options_apply(const struct options *options, const char *database_url, struct settings *settings)
{
	settings->conninfo = options->database ? options->database : database_url ? database_url : "";
	settings->migrations = options->migrations ? options->migrations : "./migrations";
	settings->staging = options->staging;
	settings->source = options->source;
	settings->probe = options->probe;
	settings->probe_query = options->probe_query;
	settings->bouncer = options->bouncer;
	settings->evidence = options->evidence;
	settings->until = options->until;
	settings->stop_before = options->stop_before;
	settings->approve = options->approve;
	settings->wait_leader_ms = options->wait_leader_ms;
	settings->out_of_order = options->out_of_order;
	settings->waivers.items = options->waivers.items;
	settings->waivers.count = options->waivers.count;
	settings->waivers.room = options->waivers.room;
	settings->accept_drift = options->accept_drift;
	settings->record = options->record;
	if (options->log)
		settings->log = options->log;
	if (options->log_format)
		settings->log_format = strcmp(options->log_format, "logfmt") == 0 ? LOG_FORM_LOGFMT : LOG_FORM_JSON;
	if (options->log_level)
		(void)!log_level_find(options->log_level, &settings->log_level);
}
