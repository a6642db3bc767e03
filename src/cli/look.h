/*
 * Target, files and evidence as `--batch` would find them: for commands that show and decide nothing. Writes nothing
 * and takes no lock.
 */
#ifndef CLI_LOOK_H
#define CLI_LOOK_H

#include "cli/command.h"
#include "engine/run.h"

struct look {
	struct loop *loop;
	struct run *run;
	bool own_loop;
	struct error refusal; /* why the plan is refused; its status is OK when it is not */
};

/*
 * Reads everything and builds the plan. An error is one that leaves nothing to show; a refused plan is no error here.
 * Always to be closed.
 */
enum status look_open(const struct invocation *invocation, struct look *ret_look, struct error *err) MUST_CHECK;

/*
 * The same inside a loop that is there, for who looks again and again: a statement has that long, and a stop does not
 * wait for the server. `address` is the server's numeric one, so that no name server is asked, or NULL.
 */
enum status look_open_in(struct loop *loop, const struct invocation *invocation, int64_t limit_ms,
                         const char *address, struct look *ret_look, struct error *err) MUST_CHECK;

void look_close(struct look *look);
#define _cleanup_look_ __attribute__((cleanup(look_close)))

/* "database app (PROD), PostgreSQL 15.8", safe to print. */
const char *look_target(const struct look *look);

#endif
