#include "engine/resume/resolve.h"

#include <string.h>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/engine.h"

static enum status read_action(const struct invocation *invocation, enum resolve_action *ret_action,
                               struct error *err)
{
	const struct text_list *operands = &invocation->options->operands;
	const char *names[RESOLVE_COUNT];

	*ret_action = RESOLVE_LOOK;
	for (enum resolve_action action = 0; action < RESOLVE_COUNT; action++) {
		names[action] = resolve_get(action)->name;
		if (operands->count && strcmp(operands->items[0], names[action]) == 0) {
			*ret_action = action;
			return OK;
		}
	}
	if (operands->count == 0)
		return OK;
	const char *near = text_nearest(operands->items[0], names, RESOLVE_COUNT);
	error_set(err, FAIL_USAGE, "resolve knows no action \"%s\"", operands->items[0]);
	return error_hint(err, near ? "Did you mean %s?" : "Actions: go-on, record-done, clean-up, give-up.", near);
}

static enum status work(struct run *run, const struct invocation *invocation, struct error *err)
{
	enum resolve_action action;
	if (read_action(invocation, &action, err) != OK)
		return err->status;
	return resolve_run(run, action, err);
}

static enum status run_resolve(struct invocation *invocation, struct error *err)
{
	return engine_run(invocation, "resolve", work, err);
}

const struct command command_resolve = {
	.name = "resolve",
	.summary = "decide about a migration that stopped half-way",
	.operands = "[look | go-on | record-done | clean-up | give-up]",
	.operands_max = 1,
	.options = OPTIONS_TARGET | OPTION_BIT(OPTION_APPROVE) | OPTION_BIT(OPTION_WAIT_LEADER) |
	           OPTION_BIT(OPTION_FORMAT) | OPTION_BIT(OPTION_RECORD) | OPTIONS_LOG,
	.run = run_resolve,
};
