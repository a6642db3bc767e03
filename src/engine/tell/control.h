/*
 * The engine's socket: viewers come and go, are told the story of the run from its start, and ask for things. Knows
 * lines and who is at the other end; whether a request is granted is the steering's to say.
 *
 * A viewer is sent what stands in the run's record, from its first line on: so everyone is told the same, in the same
 * order, and one who reads slowly holds nobody and takes no memory.
 */
#ifndef ENGINE_CONTROL_H
#define ENGINE_CONTROL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "core/event/request.h"
#include "core/migration/plan.h"
#include "engine/tell/emit.h"
#include "engine/tell/record.h"
#include "sys/loop.h"

struct control;

/* Who asks: the user as the system knows him. Lives during the call. */
struct asker {
	const char *user;
	uid_t uid;
	pid_t pid;
	uint64_t number; /* of the viewer, in this engine: for an answer that comes later */
	struct viewer *viewer;
};

/* Called inside the loop's waits for each right request: may emit, may answer, never waits. */
typedef void control_request(void *context, const struct asker *asker, enum request_type type,
                             const struct json *fields);

/* Makes the socket NAME.sock in the runtime folder and removes those there that nobody holds any more. */
enum status control_open(struct loop *loop, const char *name, control_request *request, void *context,
                         struct control **ret_control, struct error *err) MUST_CHECK;

/* Hangs up on everybody and removes the socket; NULL does nothing. */
void control_close(struct control *control);

/*
 * The story of a run begins: its lines are in the record from now on, and viewers who have read the one before to its
 * end go on with it. The sink goes to the run's emitter behind the record's.
 */
enum status control_begin(struct control *control, const char *run_id, struct record *record, struct emitter *emitter,
                          struct error *err) MUST_CHECK;
struct sink *control_sink(struct control *control);

/* Takes a connection as a viewer; it is the control's from then on. */
void control_add(struct control *control, int fd);

size_t control_viewers(const struct control *control);

/* clock_ms() since when nobody watches; INT64_MAX while somebody does. */
int64_t control_alone_since_ms(const struct control *control);

/*
 * Takes the target's name for this engine's socket. False when another live engine has it; *ret_name is that name
 * either way, what `pgsluice attach` takes; in the control's arena.
 */
bool control_claim(struct control *control, const struct target *target, const char **ret_name) MUST_CHECK;

/*
 * Wall clock since when a live engine of this user is there that has the name of that target, and so is at work on it;
 * 0 = none has. Asking disturbs nobody.
 */
int64_t control_claimed_since_ms(const struct target *target);

/* What the engine does now: the fields of an `engine` event but for viewers, which it takes. Told to everybody. */
void control_tell_state(struct control *control, struct json *fields);

/* A line to one viewer beside the story; it takes the fields. */
void control_answer(struct control *control, const struct asker *asker, enum event_type type, struct json *fields);

/* The same to a viewer of that number, who may have gone by now. */
void control_answer_later(struct control *control, uint64_t number, enum event_type type, struct json *fields);

/* Waits until every viewer was sent the whole story, or for so long. A stop does not interrupt it. */
void control_drain(struct control *control, int64_t limit_ms);

#endif
