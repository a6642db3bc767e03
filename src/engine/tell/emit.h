/* Events on their way out: numbers them, stamps them and hands each line to every sink. Knows no format of a sink. */
#ifndef ENGINE_EMIT_H
#define ENGINE_EMIT_H

#include "base/error.h"
#include "base/json.h"
#include "core/event/event.h"
#include "core/event/log_line.h"
#include "core/flow/gate.h"

/* Someone who takes event lines: the batch printer, the record, a console. `fields` lives during the call only. */
struct sink {
	void (*event)(void *context, enum event_type type, const char *line, const struct json *fields);
	void *context;
	struct sink *next; /* the emitter's */
};

struct emitter;

/* Events of one run; sequence numbers start at 1. The caller closes it. */
struct emitter *emitter_open(const char *run_id);
void emitter_close(struct emitter *emitter);

/* The caller owns the sink and keeps it until the emitter is closed. */
void emitter_add(struct emitter *emitter, struct sink *sink);

/* Takes the fields (and closes them). */
void emit(struct emitter *emitter, enum event_type type, struct json *fields);

/* LOG_ERROR has an event of its own: emit_error. */
void emit_log(struct emitter *emitter, enum log_level level, const char *format, ...) PRINTF_LIKE(3, 4);
void emit_error(struct emitter *emitter, const struct error *err);

/* reason, hint may be NULL; valid_until_ms 0 = none. */
void emit_gate(struct emitter *emitter, enum gate gate, enum gate_state state, const char *reason, const char *hint,
               int64_t valid_until_ms);

/* Figures of the moment; takes the values. Their "remaining_ms" is the gate's when the sampler has its name. */
void emit_sample(struct emitter *emitter, const char *sampler, struct json *values);

void emit_check(struct emitter *emitter, enum gate gate, const struct check *check);

#endif
