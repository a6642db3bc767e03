#include "cli/console.h"

#include <unistd.h>

#include "cli/engine_start.h"
#include "cli/viewer.h"

/* Before an engine is started for a console that nobody could see. */
static enum status need_terminal(struct error *err)
{
	if (isatty(STDIN_FILENO) && isatty(STDOUT_FILENO))
		return OK;
	error_set(err, FAIL_USAGE, "there is no terminal to show the console on");
	return error_hint(err, "Start it in a terminal, or run the flow headless with `pgsluice --batch`.");
}

enum status console_open(struct invocation *invocation, struct error *err)
{
	struct console_options options = {0};

	if (need_terminal(err) != OK || engine_spawn(invocation, &options.socket_fd, err) != OK)
		return err->status;
	return viewer_watch(invocation, &options, err);
}
