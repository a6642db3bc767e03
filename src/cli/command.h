/*
 * The commands: one table row and one file each. The row feeds dispatch, help, completion and the manual's test. A
 * command enters the table when it works.
 */
#ifndef CLI_COMMAND_H
#define CLI_COMMAND_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "cli/options.h"
#include "engine/settings.h"

/* What a command is given; all of it lives until the command returns. */
struct invocation {
	struct arena *arena;
	const struct command *command;
	const struct options *options;
	struct settings settings; /* configuration and options together */
	int exit_code;            /* what to end with after OK: of the one command whose codes are not the statuses' */
};

struct command {
	const char *name;           /* "status"; "" is the flow, which --batch starts */
	const char *summary;        /* one line, lower case, without full stop */
	const char *operands;       /* as the usage line shows them, or NULL */
	size_t operands_min, operands_max;
	uint64_t options;           /* OPTION_BIT of each that it takes; --help and --version are everybody's */
	const char *const *formats; /* words of --format, the first is the default, NULL-ended; NULL = text, json */

	/*
	 * Carries it out and returns the status whose exit code the program ends with. An error that the command
	 * has shown already (as event lines are) has no message.
	 */
	enum status (*run)(struct invocation *invocation, struct error *err);
};

/* The table: NULL-ended, the flow first. */
const struct command *const *commands_list(void);

/* The row of that name, or NULL. */
const struct command *command_find(const struct command *const *commands, const char *name);

#endif
