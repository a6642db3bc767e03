/*
 * An engine in this process: loop, run, record, those who watch and the printer around the work of a command, with the
 * report and the end event after it. Knows no command.
 */
#ifndef CLI_ENGINE_H
#define CLI_ENGINE_H

#include "cli/command.h"
#include "engine/run.h"

/* The work of a command on a run that has read nothing yet. */
typedef enum status engine_work(struct run *run, const struct invocation *invocation, struct error *err);

/*
 * Runs the work and returns its status. Errors have been shown by then: err carries no message. `name` is the command
 * in events and ledger.
 */
enum status engine_run(struct invocation *invocation, const char *name, engine_work *work,
                       struct error *err) MUST_CHECK;

/*
 * The engine of a console, in this process: one run after the other, each gate only when somebody who watches asks for
 * it, until it is told to end, a signal ends it, or nobody was there for ten minutes and nothing is at work. `viewer`
 * is a connection whose other end the console has, or -1; it is taken. OK, or why it could not begin.
 */
enum status engine_attended(struct invocation *invocation, int viewer, struct error *err) MUST_CHECK;

#endif
