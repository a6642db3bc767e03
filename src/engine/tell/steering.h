/*
 * Who drives a run: asked before each gate and step whether it may go on, and told by viewers what they want. Knows the
 * words of requests and the state of the engine; carries out nothing itself.
 *
 * A run without a steering, or with one that is not attended, goes on by itself; an attended one waits for a human.
 */
#ifndef ENGINE_STEERING_H
#define ENGINE_STEERING_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/run.h"
#include "engine/tell/control.h"

/* What an attended engine is to do next, after the run at hand. */
enum wish { WISH_NONE, WISH_RUN, WISH_ROLLBACK, WISH_QUIT };

struct steering;

/*
 * `attended`: waits before gates; else the run goes on by itself and is only watched. The socket has the given name;
 * that it could not be made is an error that leaves nothing open. The settings take waivers. The caller closes it.
 */
enum status steering_open(struct loop *loop, struct arena *arena, struct settings *settings, const char *name,
                          bool attended, struct steering **ret_steering, struct error *err) MUST_CHECK;
void steering_close(struct steering *steering);

struct control *steering_control(struct steering *steering);

/*
 * A run begins (before it reads anything) and has ended (after its `end`). One that was not done is what `run` goes on
 * with, be it a rollback.
 */
enum status steering_begin(struct steering *steering, struct run *run, struct error *err) MUST_CHECK;
void steering_end(struct steering *steering, bool done);

/* The run is about to end: a request that live has to answer is refused from here on, and one on its way is settled. */
void steering_last_words(struct steering *steering);

/*
 * Between two runs of an attended engine: waits for what is wanted next. WISH_QUIT when nobody was there for too long,
 * too, and after a signal. *ret_to is the version to go back to, for WISH_ROLLBACK.
 */
enum wish steering_next(struct steering *steering, const char **ret_to);

/* ---- for the run; all do nothing without a steering ---- */

/* The target is known: the engine takes its name. FAIL_BUSY when another attended or working engine has it. */
enum status steering_target(struct run *run, struct error *err) MUST_CHECK;

/*
 * Before what was asked for is written down: waits some seconds for the answer to a request that is on its way to live,
 * also after a stop. Without one it is told, and kept, that nobody knows.
 */
void steering_settle(struct run *run);

/* Whether this run waits for a human before its gates. */
bool steering_attended(const struct run *run);

/*
 * Before a gate: waits until it may begin. *ret_leave: it may not, the run ends here (somebody wants another one, or
 * nobody was there for too long). FAIL_INTERRUPTED, FAIL_TERMINATED on a stop.
 */
enum status steering_before_gate(struct run *run, enum gate gate, bool *ret_leave, struct error *err) MUST_CHECK;

/* The gate is at work, and no more. */
void steering_gate_begins(struct run *run, enum gate gate);
void steering_gate_ended(struct run *run);

/* Between two steps of a gate: waits while it is to be held. Stops as above. */
enum status steering_between(struct run *run, struct error *err) MUST_CHECK;

/* A human's yes that came through the socket. Texts live as long as the run. */
struct consent {
	const char *os_user;
	const char *reason; /* or NULL */
};

/* Inside gate approval: waits for somebody to consent to the plan. *ret_given false: nobody did, or could. */
enum status steering_ask_consent(struct run *run, bool *ret_given, struct consent *ret_consent,
                                 struct error *err) MUST_CHECK;

/* For the end event: the name of the engine that has this target, or NULL. */
const char *steering_other(const struct run *run);

#endif
