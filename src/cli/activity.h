/* What is at work now, as one line: fed by samples and steps, told anew as time goes on. Knows no stream. */
#ifndef CLI_ACTIVITY_H
#define CLI_ACTIVITY_H

#include <stdint.h>

#include "base/json.h"
#include "base/strbuf.h"

struct activity {
	struct strbuf gate, step, sample;
	int64_t since_ms;                /* monotonic: when the gate began */
	int64_t ends_ms;                 /* monotonic: when it should be over; 0 = unknown */
};

void activity_clear(struct activity *activity);

/* A gate begins. */
void activity_begin(struct activity *activity, const char *gate, int64_t now_ms);

/* A step is at work; what samples said of the one before is forgotten. */
void activity_step(struct activity *activity, const char *text);

/*
 * Values of a sample event. "tables_done" and "tables_total" are told together, as is each such pair; "remaining_ms" is
 * the gate's when the sampler has its name.
 */
void activity_sample(struct activity *activity, const char *sampler, const struct json *values, int64_t now_ms);

/* "backup 12 s: dump, 45 MiB, about 20 s left"; empty while no gate is at work. */
void activity_text(struct strbuf *out, const struct activity *activity, int64_t now_ms);

#endif
