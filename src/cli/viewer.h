/* The console as a command starts it: what options and configuration say of how it is shown. */
#ifndef CLI_VIEWER_H
#define CLI_VIEWER_H

#include "cli/command.h"
#include "console/console.h"

/*
 * Fills in all that is not about where the events come from, runs the console, and returns the status that the run had
 * when it has ended; without a message, as all of it was on the screen.
 */
enum status viewer_run(const struct invocation *invocation, struct console_options *options,
                       struct error *err) MUST_CHECK;

/* The same for an engine: with a way back to it, and with a word on what logging out would do to it. */
enum status viewer_watch(struct invocation *invocation, struct console_options *options,
                         struct error *err) MUST_CHECK;

#endif
