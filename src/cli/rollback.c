#include "engine/resume/rollback.h"

#include "cli/commands.h"
#include "cli/engine.h"

static enum status work(struct run *run, const struct invocation *invocation, struct error *err)
{
	return rollback_run(run, invocation->options->to, err);
}

static enum status run_rollback(struct invocation *invocation, struct error *err)
{
	if (!invocation->options->to) {
		error_set(err, FAIL_USAGE, "rollback needs --to VERSION");
		return error_hint(err, "VERSION stays applied; 0 goes back to an empty schema.");
	}
	return engine_run(invocation, "rollback", work, err);
}

const struct command command_rollback = {
	.name = "rollback",
	.summary = "go back to a version by its rehearsed downs, through every gate",
	.options = OPTIONS_APPLY | OPTION_BIT(OPTION_TO) | OPTION_BIT(OPTION_STOP_BEFORE) |
	           OPTION_BIT(OPTION_ACCEPT_DRIFT) | OPTION_BIT(OPTION_OUT_OF_ORDER),
	.run = run_rollback,
};
