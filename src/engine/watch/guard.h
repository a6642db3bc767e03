/*
 * The guard: watches, on a session of its own and from inside the loop, what the step that runs on live does to others,
 * and cancels it when a limit of the configuration is passed. Knows no ladder: whether the step is tried again is
 * decided by who runs it.
 */
#ifndef ENGINE_GUARD_H
#define ENGINE_GUARD_H

#include "engine/run.h"
#include "engine/watch/latency_probe.h"
#include "pg/session.h"

struct guard;

/*
 * Connects and takes the first look at live. *ret_guard is NULL when the configuration has it off. FAIL_UNREACHABLE: it
 * cannot connect or look; FAIL_USAGE: a right is missing for what it was told to watch. The probe (NULL: latency is not
 * watched) outlives it. The caller closes it (NULL is fine), before the run's loop.
 */
enum status guard_open(struct run *run, const struct latency_probe *probe, struct guard **ret_guard,
                       struct error *err) MUST_CHECK;
void guard_close(struct guard *guard);

/*
 * Whether a step may begin: FAIL_LOCK_BUDGET when, by the last look, a limit is passed already that waiting can bring
 * back (standbys, connections, WAL). In this and the next two a guard of NULL lets everything pass.
 */
enum status guard_admit(struct guard *guard, struct error *err) MUST_CHECK;

/*
 * The statements of this step run in this session from now on, and may be cancelled; `step` counts from 0, the
 * migration lives as long as the run. Each needs its guard_leave, before a COMMIT: with the status and error that the
 * statements ended with, it returns FAIL_LOCK_BUDGET and the guard's words where the guard had them cancelled, else the
 * same. Nothing is cancelled any more when it returns, be it by a cancel that got no answer. Only the session that was
 * entered ever is: on a server where it is not, nothing is.
 */
void guard_enter(struct guard *guard, const struct session *session, const struct migration *migration,
                 size_t step);
enum status guard_leave(struct guard *guard, enum status status, struct error *err) MUST_CHECK;

/*
 * Has what is at work cancelled as if a limit had been passed, because `who` asked for it; from inside a wait, too.
 * NULL, or a sentence on why not.
 */
const char *guard_pull_back(struct guard *guard, const char *who);

/* Whether the guard was what ended the last attempt, or kept it from beginning. */
bool guard_refused(const struct guard *guard);

/* Whether the step was waiting for a lock itself then: somebody stood in its way. */
bool guard_refused_waiter(const struct guard *guard);

/* Whether that has happened to this step so often that trying again only hurts others again. */
bool guard_is_fruitless(const struct guard *guard);

/* The check apply.guard of a run whose apply ended with this status; the facts are "guard" in the evidence's data. */
void guard_report(const struct guard *guard, struct run *run, struct evidence *evidence, enum status status);

#endif
