#include "cli/commands.h"
#include "cli/viewer.h"

enum { USUAL_SPEED = 100 };

static enum status run_replay(struct invocation *invocation, struct error *err)
{
	int64_t speed = invocation->options->speed;
	struct console_options options = {
		.socket_fd = -1,
		.recording = invocation->options->operands.items[0],
		.speed = speed < 0 ? 0 : speed ? speed : USUAL_SPEED,
	};
	return viewer_run(invocation, &options, err);
}

const struct command command_replay = {
	.name = "replay",
	.summary = "play a recorded run on the console, or print a view of it",
	.operands = "FILE",
	.operands_min = 1,
	.operands_max = 1,
	.options = OPTIONS_CONSOLE | OPTION_BIT(OPTION_SPEED),
	.run = run_replay,
};
