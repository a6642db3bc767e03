#include "cli/options.h"

#include <string.h>

#include "base/text.h"
#include "cli/command.h"
#include "cli/words.h"

enum { HELP_WIDTH = 79, HELP_COLUMN = 31, COMMAND_COLUMN = 13 };

/* Left of `column` stands what is explained; a longer one has its explanation on the next line. */
static void put_help(struct strbuf *out, size_t used, size_t column, const char *help)
{
	if (used >= column)
		strbuf_printf(out, "\n%*s", (int)column, "");
	else
		strbuf_printf(out, "%*s", (int)(column - used), "");
	text_wrap(out, help, column, column, HELP_WIDTH);
	strbuf_putc(out, '\n');
}

static void put_option(struct strbuf *out, enum option option, const char *const *formats)
{
	const struct option_row *row = option_get(option);
	_cleanup_strbuf_ struct strbuf argument = {0};
	size_t start = out->length;

	if (option == OPTION_FORMAT) {
		static const char *const TWO[] = {"text", "json", NULL};
		for (size_t i = 0; (formats ? formats : TWO)[i]; i++)
			strbuf_printf(&argument, "%s%s", i ? "|" : "", (formats ? formats : TWO)[i]);
	} else {
		strbuf_puts(&argument, row->argument ? row->argument : "");
	}
	if (row->letter)
		strbuf_printf(out, "  -%c, --%s", row->letter, row->name);
	else
		strbuf_printf(out, "      --%s", row->name);
	if (argument.length)
		strbuf_printf(out, " %s", strbuf_text(&argument));
	put_help(out, out->length - start, HELP_COLUMN, row->help);
}

static void put_options(struct strbuf *out, const struct command *command)
{
	uint64_t taken = command ? command->options : 0;
	taken |= OPTION_BIT(OPTION_HELP) | OPTION_BIT(OPTION_VERSION);
	for (enum option option = 0; option < OPTION_END; option++)
		if (taken & OPTION_BIT(option))
			put_option(out, option, command ? command->formats : NULL);
}

static void put_program(struct strbuf *out, const struct command *const *commands)
{
	const struct command *flow = command_find(commands, "");
	bool any = false;

	strbuf_puts(out, "pgsluice proves PostgreSQL migrations on a restored copy before they touch live.\n\n");
	strbuf_puts(out, "usage:\n");
	if (flow)
		strbuf_puts(out, "  pgsluice [options]            the console: the flow, gate by gate\n"
		                 "  pgsluice --batch [options]    the flow: every gate, then the apply\n");
	for (size_t i = 0; commands[i]; i++)
		any = any || *commands[i]->name;
	if (any)
		strbuf_puts(out, "  pgsluice COMMAND [options]\n\ncommands:\n");
	for (size_t i = 0; commands[i]; i++)
		if (*commands[i]->name) {
			strbuf_printf(out, "  %s", commands[i]->name);
			put_help(out, 2 + strlen(commands[i]->name), COMMAND_COLUMN, commands[i]->summary);
		}
	strbuf_puts(out, "\noptions:\n");
	put_options(out, flow);
	if (any)
		strbuf_puts(out, "\n`pgsluice COMMAND --help` lists the options of a command.\n");
	strbuf_puts(out, "Manual: pgsluice(1), pgsluice.conf(5), pgsluice-migration(5),\n"
	                 "pgsluice-runbook(7). To try it: pgsluice demo\n");
}

void options_help(struct strbuf *out, const struct command *const *commands, const struct command *command)
{
	if (!command || !*command->name) {
		put_program(out, commands);
		return;
	}
	strbuf_printf(out, "usage: pgsluice %s%s%s [options]\n\n", command->name, command->operands ? " " : "",
	              command->operands ? command->operands : "");
	text_wrap(out, command->summary, 0, 0, HELP_WIDTH);
	strbuf_puts(out, "\n\noptions:\n");
	put_options(out, command);
}

bool options_hold_secret(const char *text)
{
	const char *scheme = strstr(text, "://");
	const char *at = scheme ? strchr(scheme + 3, '@') : NULL;
	const char *colon = scheme ? strchr(scheme + 3, ':') : NULL;
	return strcasestr(text, "password") || (at && colon && colon < at);
}

static void put_given(struct strbuf *out, const struct given *given)
{
	bool conninfo = given->option == OPTION_DATABASE || given->option == OPTION_STAGING ||
	                given->option == OPTION_SOURCE || given->option == OPTION_PROBE ||
	                given->option == OPTION_BOUNCER;
	const struct option_row *row = option_get(given->option);

	if (row->letter)
		strbuf_printf(out, " -%c", row->letter);
	else
		strbuf_printf(out, " --%s", row->name);
	if (!given->value)
		return;
	strbuf_putc(out, ' ');
	if (conninfo && options_hold_secret(given->value))
		strbuf_puts(out, "CONNINFO");
	else
		words_quote(out, given->value);
}

static void put_program_name(struct strbuf *out, const struct options *options)
{
	if (options->program)
		words_quote(out, options->program);
	else
		strbuf_puts(out, "pgsluice");
}

void options_flow(struct strbuf *out, const struct options *options)
{
	static const uint64_t TAKEN = OPTIONS_PLAN & ~OPTION_BIT(OPTION_FORMAT);

	put_program_name(out, options);
	strbuf_puts(out, " --batch");
	for (size_t i = 0; i < options->given.count; i++)
		if (TAKEN & OPTION_BIT(options->given.items[i].option))
			put_given(out, &options->given.items[i]);
}

void options_again(struct strbuf *out, const struct options *options, const char *plan_id)
{
	put_program_name(out, options);
	if (options->command && *options->command->name)
		strbuf_printf(out, " %s", options->command->name);
	if (options->batch)
		strbuf_puts(out, " --batch");
	if (plan_id && *plan_id)
		strbuf_printf(out, " --approve %s", plan_id);
	for (size_t i = 0; i < options->given.count; i++) {
		enum option option = options->given.items[i].option;
		if (option == OPTION_BATCH || option == OPTION_STOP_BEFORE || (plan_id && option == OPTION_APPROVE))
			continue;
		put_given(out, &options->given.items[i]);
	}
	for (size_t i = 0; i < options->operands.count; i++) {
		strbuf_putc(out, ' ');
		words_quote(out, options->operands.items[i]);
	}
}
