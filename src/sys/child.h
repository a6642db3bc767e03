/* Child processes: an argv array (never a shell line), their output with a ceiling, and their end. */
#ifndef SYS_CHILD_H
#define SYS_CHILD_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/error.h"
#include "base/strbuf.h"
#include "sys/loop.h"

struct child_options {
	const char *const *argv;      /* NULL-ended; argv[0] is looked up on PATH when it has no slash */
	const char *const *env;       /* NULL-ended "NAME=value" set on top of ours, or NULL; ours goes without libpq's
	                                 PG*, DATABASE_URL and the like: a child connects only where it is told to */
	const char *folder;           /* working folder, or NULL */
	const char *input;            /* text for its standard input, or NULL for an empty one */
	bool drop_user;               /* run as uid and gid below */
	uid_t uid;
	gid_t gid;
	bool own_network;             /* a network namespace of its own, with no way out, where the system allows */
	const char *const *hidden;    /* with own_network: NULL-ended folders that are empty to it, or NULL */
	const char *const *kept;      /* with hidden: up to 8 folders, NULL-ended, that it sees all the same; it can
	                                 write to no others */
	void (*line)(void *context, bool is_error, const char *line); /* each line of output as it comes, or NULL */
	void *context;
	int64_t deadline_ms;          /* clock_ms() value after which it is ended; 0 = none */
};

struct child_result {
	int exit_code;        /* 0..255; 128 + n when signal n ended it; never 0 when timed_out */
	struct strbuf output; /* standard output, at most 1 MiB from its start */
	struct strbuf errors; /* standard error, at most 1 MiB from its start */
	bool timed_out;
	bool own_network;     /* what was asked for was had */
};

void child_result_clear(struct child_result *result);
#define _cleanup_child_ __attribute__((cleanup(child_result_clear)))

struct child;

/*
 * Starts a program in a process group of its own; it gets SIGTERM when we die. It inherits nothing but the standard
 * descriptors, and its end is its own exit: what it left running in the background is not waited for. The options'
 * texts are needed only during the call. The caller waits for it or kills it.
 * FAIL_USAGE when the program is not there, FAIL_INTERNAL when the system refuses.
 */
enum status child_start(struct loop *loop, const struct child_options *options, struct child **ret_child,
                        struct error *err) MUST_CHECK;

/* Whether it has ended, without waiting. */
bool child_ended(const struct child *child);
pid_t child_pid(const struct child *child);

/* Whether it has the network namespace of its own that was asked for, and sees nothing that was to be hidden. */
bool child_isolated(const struct child *child);

/* Whether it can write to nothing but the folders that were named, devices and pipes. */
bool child_read_only(const struct child *child);

/*
 * A descriptor that becomes readable (POLLIN) when the child ends: for a caller that waits for other things beside it.
 * It can also wake without reason, so ask child_ended; never read or close it.
 */
int child_fd(const struct child *child);

/*
 * Waits for its end and releases the child. An exit code other than 0 is not an error here: the caller judges it,
 * with the output. After the deadline, and on a stop, the group gets SIGTERM, after 5 s SIGKILL; on a stop the status
 * is that of the stop.
 */
enum status child_wait(struct child *child, struct child_result *ret_result, struct error *err) MUST_CHECK;

/* Sends the group SIGKILL and returns at once: for one that hangs, from where nobody may wait. It is still there. */
void child_strike(const struct child *child);

/* Ends the group (SIGTERM, then SIGKILL) and releases the child. NULL does nothing. */
void child_kill(struct child *child);

/* Start and wait in one. */
enum status child_run(struct loop *loop, const struct child_options *options, struct child_result *ret_result,
                      struct error *err) MUST_CHECK;

/* Absolute path of a program on PATH, or NULL; in the arena. */
struct arena;
const char *child_find_program(struct arena *arena, const char *name);

#endif
