#include "cli/commands.h"
#include "cli/engine_start.h"
#include "cli/viewer.h"

static enum status run_attach(struct invocation *invocation, struct error *err)
{
	const struct text_list *operands = &invocation->options->operands;
	const char *run = operands->count ? operands->items[0] : NULL;
	struct console_options options = {0};

	if (engine_connect(invocation->arena, run, &options.socket_fd, err) != OK)
		return err->status;
	return viewer_watch(invocation, &options, err);
}

const struct command command_attach = {
	.name = "attach",
	.summary = "watch and steer an engine that is at work on the console",
	.operands = "[RUN]",
	.operands_max = 1,
	.options = OPTIONS_CONSOLE,
	.run = run_attach,
};
