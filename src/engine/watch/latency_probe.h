/*
 * What an apply does to others, as an application sees it: one session on the path that applications use, a pooler
 * included, asks the same small query at a fixed rate while the run waits for whatever it waits for, and how long each
 * answer took is kept for the time before, during and after. Judges nothing.
 */
#ifndef ENGINE_LATENCY_PROBE_H
#define ENGINE_LATENCY_PROBE_H

#include "core/latency/histogram.h"
#include "engine/run.h"

struct latency_probe;

enum probe_phase { PROBE_BEFORE, PROBE_DURING, PROBE_AFTER, PROBE_PHASES };

/* What is asked when nothing else is configured. */
#define PROBE_QUERY "SELECT 1"

/*
 * Whether a text may be asked: one query without parameters that reads and calls no function that could do more, since
 * on such a path nothing else keeps it from writing. FAIL_USAGE otherwise; *ret_sql is it without its semicolon.
 */
enum status latency_probe_check(struct arena *arena, const char *text, const char **ret_sql,
                                struct error *err) MUST_CHECK;

/*
 * Connects to settings->probe and measures the phase before, which takes two seconds. FAIL_UNREACHABLE or FAIL_USAGE
 * when nobody answers there; the status of a stop. A sample "latency" is emitted each second from then on.
 */
enum status latency_probe_open(struct run *run, struct latency_probe **ret_probe, struct error *err) MUST_CHECK;

/* What is asked from now on belongs to this phase; an answer belongs to the phase in which it was asked for. */
void latency_probe_enter(struct latency_probe *probe, enum probe_phase phase);

/* Measures the phase after for as long as the one before; a stop ends it early. */
void latency_probe_calm(struct latency_probe *probe);

/*
 * p99 of what was asked in the last two seconds, the one that is still waited for as long as it has waited, and p99 of
 * the phase before: in us. The first is -1 where too little was asked to say; where that is because it fails, or there
 * is nothing to compare with, what is returned says so, and lives until the next call; else NULL.
 */
const char *latency_probe_recent(const struct latency_probe *probe, int64_t *ret_p99_us, int64_t *ret_before_us);

/* "p99 0.4 ms before, 12 ms during, 0.5 ms after; longest 350 ms; ...": in the run's arena. */
const char *latency_probe_text(struct latency_probe *probe);

/* For each phase count, failed, and the histogram; the caller owns it. */
struct json *latency_probe_json(const struct latency_probe *probe);

/* NULL does nothing. */
void latency_probe_close(struct latency_probe *probe);

#endif
