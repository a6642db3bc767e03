/* The rows of the command table: one file each. */
#ifndef CLI_COMMANDS_H
#define CLI_COMMANDS_H

#include "cli/command.h"

extern const struct command command_attach;
extern const struct command command_batch;
extern const struct command command_check;
extern const struct command command_demo;
extern const struct command command_explain;
extern const struct command command_graph;
extern const struct command command_monitor;
extern const struct command command_new;
extern const struct command command_plan;
extern const struct command command_pool;
extern const struct command command_replay;
extern const struct command command_report;
extern const struct command command_resolve;
extern const struct command command_rollback;
extern const struct command command_canaries;
extern const struct command command_smoke;
extern const struct command command_status;

#endif
