/* The rows of the command table: one file each. */
#ifndef CLI_COMMANDS_H
#define CLI_COMMANDS_H

#include "cli/command.h"

extern const struct command command_batch;
extern const struct command command_resolve;
extern const struct command command_rollback;

#endif
