/*
 * Engines in processes of their own, for a console: starts one, finds those that are there and connects. Knows neither
 * runs nor terminals.
 */
#ifndef CLI_ENGINE_START_H
#define CLI_ENGINE_START_H

#include "cli/command.h"

/*
 * Starts an attended engine in a session of its own, without a terminal, whose standard error goes to engine.log in the
 * state folder. *ret_fd is a connection to it, which waits on reads and writes; the caller closes it. Its lines are
 * event lines; the first is of type engine. To be called before the program has taken over terminal or signals.
 */
enum status engine_spawn(struct invocation *invocation, int *ret_fd, struct error *err) MUST_CHECK;

/*
 * Connects to the engine of a run (its UUID, or eight or more leading digits), of a target (the name that the event
 * `end` has as attach), or to the only one there is when `run` is NULL. FAIL_USAGE with what to do: there is none, none
 * of that name, or several, which are named in the detail.
 */
enum status engine_connect(struct arena *arena, const char *run, int *ret_fd, struct error *err) MUST_CHECK;

#endif
