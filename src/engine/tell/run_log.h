/*
 * The log of runs: one line per event that matters enough, appended to a file that outlives the run, or written to
 * standard error. Knows no event: what a line says is core/event/log_line's.
 */
#ifndef ENGINE_RUN_LOG_H
#define ENGINE_RUN_LOG_H

#include "base/arena.h"
#include "base/error.h"
#include "engine/tell/emit.h"

struct run_log;

struct run_log_options {
	const char *path; /* a file, made with mode 0600 when it is not there; "-" is standard error */
	enum log_form form;
	enum log_level least;
};

/* FAIL_USAGE when the file cannot be opened. Adds itself to the emitter; closed after it. Texts live in the arena. */
enum status run_log_open(struct arena *arena, const struct run_log_options *options, struct emitter *emitter,
                         struct run_log **ret_log, struct error *err) MUST_CHECK;

/* What kept a line from being written, the first time, or NULL: after it no more are. */
const char *run_log_problem(const struct run_log *log);

void run_log_close(struct run_log *log);

#endif
