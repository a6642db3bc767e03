#include "cli/main.h"

#include <config.h> /* the build's: "config.h" would be cli's own */
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/command.h"
#include "cli/config.h"
#include "cli/options.h"
#include "cli/printer.h"
#include "cli/setting.h"

static enum status configure(struct invocation *invocation, struct error *err)
{
	settings_init(invocation->arena, &invocation->settings);
	if (invocation->command->options & OPTION_BIT(OPTION_CONFIG)) {
		const char *path = config_find(invocation->arena, invocation->options->config);
		enum status status = path ? config_read(invocation->arena, path, &invocation->settings, err) : OK;
		if (status)
			return status;
	}
	options_apply(invocation->options, getenv("DATABASE_URL"), &invocation->settings);
	return OK;
}

static enum status run(struct arena *arena, const struct options *options, struct error *err)
{
	struct invocation invocation = {.arena = arena, .command = options->command, .options = options};
	if (options->version) {
		puts(PACKAGE_STRING);
		return OK;
	}
	if (options->help) {
		_cleanup_strbuf_ struct strbuf help = {0};
		options_help(&help, commands_list(), options->command);
		fputs(strbuf_text(&help), stdout);
		return OK;
	}
	enum status status = configure(&invocation, err);
	return status ? status : options->command->run(&invocation, err);
}

int cli_main(int argc, char **argv)
{
	_cleanup_arena_ struct arena *arena = arena_open();
	_cleanup_error_ struct error err = {0};
	struct options options;

	setlocale(LC_CTYPE, "");
	enum status status = options_parse(arena, commands_list(), argc, (const char *const *)argv, &options, &err);
	if (!status)
		status = run(arena, &options, &err);
	if (!status && (fflush(stdout) || ferror(stdout)))
		status = error_errno(&err, FAIL_INTERNAL, "could not write to standard output");
	if (status && err.message)
		printer_error(stderr, &err);
	return status_get(status)->exit_code;
}
