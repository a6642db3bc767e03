#include "cli/viewer.h"

#include <langinfo.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/engine_start.h"
#include "sys/logout.h"

static bool wants_colour(const char *when)
{
	const char *no_color = getenv("NO_COLOR");
	if (when && strcmp(when, "auto") != 0)
		return strcmp(when, "always") == 0;
	return !(no_color && *no_color);
}

static enum status status_of(int exit_code)
{
	for (enum status status = OK; status < STATUS_COUNT; status++)
		if (status_get(status)->exit_code == exit_code)
			return status;
	return FAIL_INTERNAL;
}

enum status viewer_run(const struct invocation *invocation, struct console_options *options, struct error *err)
{
	const struct options *given = invocation->options;
	const struct settings *settings = &invocation->settings;
	int exit_code = 0;

	options->view = given->view;
	options->plain = given->plain;
	options->ascii = given->ascii || strcmp(nl_langinfo(CODESET), "UTF-8") != 0;
	options->colour = wants_colour(invocation->options->color);
	options->mouse = given->mouse;
	for (size_t i = 0; i < settings->keys.count; i++) {
		list_push(invocation->arena, &options->key_actions, settings->keys.items[i].action);
		list_push(invocation->arena, &options->key_values, settings->keys.items[i].keys);
	}
	enum status status = console_run(options, &exit_code, err);
	return status ? status : status_of(exit_code);
}

static enum status connect_again(void *context, const char *name, int *ret_fd, struct error *err)
{
	struct invocation *invocation = context;
	return engine_connect(invocation->arena, name, ret_fd, err);
}

enum status viewer_watch(struct invocation *invocation, struct console_options *options, struct error *err)
{
	options->reconnect = connect_again;
	options->context = invocation;
	if (logout_kills("", getuid()))
		options->leave_warning = "Logging out of this machine would end the engine too: "
		                         "`loginctl enable-linger` prevents that.";
	return viewer_run(invocation, options, err);
}
