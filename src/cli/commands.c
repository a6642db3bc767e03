#include "cli/commands.h"

#include <string.h>

static const struct command *const COMMANDS[] = {
	&command_batch,
	&command_status,
	&command_plan,
	&command_graph,
	&command_check,
	&command_explain,
	&command_canaries,
	&command_smoke,
	&command_pool,
	&command_new,
	&command_rollback,
	&command_resolve,
	&command_monitor,
	&command_attach,
	&command_replay,
	&command_report,
	&command_demo,
	NULL,
};

const struct command *const *commands_list(void)
{
	return COMMANDS;
}

const struct command *command_find(const struct command *const *commands, const char *name)
{
	for (; *commands; commands++)
		if (strcmp((*commands)->name, name) == 0)
			return *commands;
	return NULL;
}
