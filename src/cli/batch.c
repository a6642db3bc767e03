#include "cli/commands.h"
#include "cli/console.h"
#include "cli/engine.h"
#include "engine/flow.h"

static enum status work(struct run *run, const struct invocation *invocation, struct error *err)
{
	(void)invocation;
	return flow_batch(run, err);
}

static enum status run_batch(struct invocation *invocation, struct error *err)
{
	const struct options *options = invocation->options;

	if (!options->batch)
		return console_open(invocation, err);
	if (options->view || options->ascii || options->color || options->mouse) {
		error_set(err, FAIL_USAGE, "--batch shows no console");
		return error_hint(err, "Leave out --view, --ascii, --color and --mouse, or --batch.");
	}
	return engine_run(invocation, "batch", work, err);
}

const struct command command_batch = {
	.name = "",
	.summary = "carry the pending migrations through every gate to a proven change",
	.options = OPTIONS_PLAN | OPTIONS_APPLY | OPTION_BIT(OPTION_BATCH) | OPTION_BIT(OPTION_STOP_BEFORE) |
	           OPTION_BIT(OPTION_VIEW) | OPTION_BIT(OPTION_ASCII) | OPTION_BIT(OPTION_COLOR) | OPTION_BIT(OPTION_MOUSE),
	.run = run_batch,
};
