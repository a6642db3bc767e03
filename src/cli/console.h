/* `pgsluice` without a command: an engine of its own, and the console that watches it. Knows no terminal. */
#ifndef CLI_CONSOLE_H
#define CLI_CONSOLE_H

#include "cli/command.h"

/*
 * Starts an engine, or goes over to the one that has the target already, and shows it. Returns the status of the run
 * when it has ended, OK when it goes on. FAIL_USAGE where there is no terminal.
 */
enum status console_open(struct invocation *invocation, struct error *err) MUST_CHECK;

#endif
