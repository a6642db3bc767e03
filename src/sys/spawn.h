/* Forks and executes one program in a prepared process; knows nothing of its output and its end. Inside sys only. */
#ifndef SYS_SPAWN_H
#define SYS_SPAWN_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/error.h"

struct spawn_options {
	const char *path;          /* absolute */
	const char *const *argv;   /* NULL-ended */
	const char *const *env;    /* NULL-ended, whole */
	const char *folder;        /* or NULL */
	int input, output, errors; /* descriptors over 2 that become 0, 1, 2 */
	bool drop_user;
	uid_t uid;
	gid_t gid;
	bool own_network;
	const char *const *hidden; /* NULL-ended folders, or NULL */
	const char *const *kept;   /* NULL-ended folders, or NULL */
};

/* What was had of what was asked for. */
struct isolation {
	bool network;
	bool hidden;    /* all folders; true when there are none */
	bool read_only; /* all but the kept folders */
};

/*
 * Returns when the program was executed: it leads a process group of its own, gets SIGTERM when we die, has no other
 * descriptor of ours and default signal handling. Without the right to isolation the program runs without; every
 * other failure is an error (FAIL_USAGE when it cannot be executed).
 */
enum status spawn(const struct spawn_options *options, pid_t *ret_pid, struct isolation *ret_isolation,
                  struct error *err) MUST_CHECK;

#endif
