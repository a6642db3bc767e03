#include "cli/main.h"

#include <config.h> /* the build's: "config.h" would be cli's own */
#include <locale.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/memory.h"
#include "cli/command.h"
#include "cli/config.h"
#include "cli/options.h"
#include "cli/printer.h"
#include "cli/setting.h"
#include "pg/conninfo.h"

/* What is wrong with the command line is said before anything is looked at. */
static enum status check_conninfo(const char *option, const char *text, struct error *err)
{
	_cleanup_arena_ struct arena *scratch = arena_open();
	struct conninfo ignored;
	if (!text || conninfo_read(scratch, text, &ignored, err) == OK)
		return OK;
	return *option ? error_wrap(err, "%s", option) : err->status;
}

static enum status check_conninfos(const struct invocation *invocation, struct error *err)
{
	const struct settings *settings = &invocation->settings;
	if (!(invocation->command->options & OPTION_BIT(OPTION_DATABASE)))
		return OK;
	enum status status = check_conninfo("", settings->conninfo, err);
	if (!status)
		status = check_conninfo("--staging", settings->staging, err);
	if (!status)
		status = check_conninfo("--source", settings->source, err);
	if (!status)
		status = check_conninfo("--probe", settings->probe, err);
	return status ? status : check_conninfo("--bouncer", settings->bouncer, err);
}

/*
 * The arguments of a process can be read by everybody. What may hold a password is wiped once it is read; the options
 * keep copies.
 */
static void wipe_passwords(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (options_hold_secret(argv[i]))
			for (char *at = argv[i]; *at; at++)
				*at = 'x';
}

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
	return check_conninfos(invocation, err);
}

static enum status run(struct arena *arena, const struct options *options, int *ret_exit, struct error *err)
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
	if (!status)
		status = options->command->run(&invocation, err);
	*ret_exit = invocation.exit_code;
	return status;
}

/* A reader that has seen enough (`| head`) is no error. */
static bool has_reader(int fd)
{
	struct pollfd output = {.fd = fd, .events = POLLOUT};
	return poll(&output, 1, 0) < 0 || !(output.revents & POLLERR);
}

static enum status finish_output(struct error *err)
{
	if ((fflush(stdout) == 0 && !ferror(stdout)) || !has_reader(STDOUT_FILENO))
		return OK;
	error_set(err, FAIL_INTERNAL, "could not write to standard output");
	return error_hint(err, "It is closed, or its disk is full: give it a place that takes it all, then run again.");
}

/* Who called a monitoring plugin reads one line, and takes every other exit code for another state. */
static int answer_unknown(const struct error *err)
{
	enum { PLUGIN_UNKNOWN = 3 };
	printf("UNKNOWN - %s\n", err->message ? err->message : "it failed");
	return PLUGIN_UNKNOWN;
}

int cli_main(int argc, char **argv)
{
	memory_setup();
	_cleanup_arena_ struct arena *arena = arena_open();
	_cleanup_error_ struct error err = {0};
	struct options options = {0};
	int exit_code = 0;

	setlocale(LC_CTYPE, "");
	enum status status = options_parse(arena, commands_list(), argc, (const char *const *)argv, &options, &err);
	wipe_passwords(argc, argv);
	if (!status)
		status = run(arena, &options, &exit_code, &err);
	if (!status)
		status = finish_output(&err);
	if (status && options.plugin)
		return answer_unknown(&err);
	if (status && err.message)
		printer_error(stderr, &err);
	return status ? status_get(status)->exit_code : exit_code;
}
