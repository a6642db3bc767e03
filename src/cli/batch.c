#include "cli/commands.h"
#include "cli/engine.h"
#include "engine/flow.h"

static enum status work(struct run *run, const struct invocation *invocation, struct error *err)
{
	(void)invocation;
	return flow_batch(run, err);
}

static enum status run_batch(struct invocation *invocation, struct error *err)
{
	if (!invocation->options->batch) {
		error_set(err, FAIL_USAGE, "there is no console in this version");
		return error_hint(err, "Run the flow headless with `pgsluice --batch`.");
	}
	return engine_run(invocation, "batch", work, err);
}

const struct command command_batch = {
	.name = "",
	.summary = "carry the pending migrations through every gate to a proven change",
	.options = OPTIONS_PLAN | OPTIONS_APPLY | OPTION_BIT(OPTION_BATCH) | OPTION_BIT(OPTION_STOP_BEFORE),
	.run = run_batch,
};
