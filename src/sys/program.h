/* What a child process is started from: the program's path and its environment. Inside sys only. */
#ifndef SYS_PROGRAM_H
#define SYS_PROGRAM_H

#include "base/arena.h"
#include "base/error.h"

/* The absolute path of a program; FAIL_USAGE when there is none. */
enum status program_find(struct arena *arena, const char *name, const char **ret_path, struct error *err) MUST_CHECK;

/* Ours without what a child must not have, with the NULL-ended `added` on top (NULL = nothing); NULL-ended. */
const char *const *program_environment(struct arena *arena, const char *const *added);

#endif
