/*
 * The checks of a server's health: one table row each, which says what is looked at in which sample, from where on it
 * is a warning or critical, and what to do then. Pure: samples come as a document, limits as values.
 */
#ifndef CORE_HEALTH_ALARM_H
#define CORE_HEALTH_ALARM_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/json.h"

/* In the order in which they are shown. */
enum alarm {
	ALARM_CONNECTIONS,
	ALARM_LOCK_WAIT,
	ALARM_BEHIND_US,
	ALARM_TRANSACTION_AGE,
	ALARM_PREPARED_AGE,
	ALARM_DEADLOCKS,
	ALARM_CHECKSUMS,
	ALARM_REPLICA_LAG,
	ALARM_REPLICA_BYTES,
	ALARM_REPLAY_DELAY,
	ALARM_SLOTS_LOST,
	ALARM_SLOT_RETAINED,
	ALARM_ARCHIVER,
	ALARM_CHECKPOINTS,
	ALARM_WRAPAROUND,
	ALARM_INVALID_INDEXES,
	ALARM_SEQUENCES,
	ALARM_POOL_WAIT,
	ALARM_POOL_USE,
	ALARM_COUNT,
};

/* From better to worse; one that could not be looked at is worse than a good one and never good. */
enum alarm_level { LEVEL_OK, LEVEL_UNKNOWN, LEVEL_WARNING, LEVEL_CRITICAL };

enum alarm_unit { UNIT_PERCENT, UNIT_DURATION /* ms */, UNIT_SIZE /* bytes */, UNIT_NUMBER };

/* A value at a limit has reached it. */
struct alarm_limit {
	bool off;
	int64_t warning, critical; /* in the row's unit; -1 = never */
};

struct alarm_limits {
	struct alarm_limit of[ALARM_COUNT];
};

struct alarm_value {
	int64_t value;   /* -1 = it could not be known */
	const char *who; /* whose value it is, for people, or NULL; in the arena */
};

struct alarm_row {
	const char *name;    /* of the check, also behind "monitor." in the configuration */
	const char *sampler;
	enum alarm_unit unit;
	const char *warning, *critical; /* limits as the configuration would write them; "-" = never */
	const char *text;    /* with %s for the value */
	const char *help;    /* one sentence for the manual: what is looked at */
	const char *advice;  /* what to do, a sentence */
	struct alarm_value (*measure)(struct arena *arena, const struct json *values);
};

const struct alarm_row *alarm_get(enum alarm alarm);
bool alarm_find(const char *name, enum alarm *ret_alarm);
const char *alarm_level_name(enum alarm_level level); /* "ok", "unknown", "warning", "critical" */

/* A check's limits from text: "90% 95%", "5s 1min", "64MiB -", "off". False when it is none of that. */
bool alarm_limit_read(enum alarm alarm, const char *text, struct alarm_limit *ret_limit);

/* Every check with the limits of its row. */
void alarm_limits_init(struct alarm_limits *ret_limits);

struct alarm_finding {
	enum alarm alarm;
	enum alarm_level level;
	bool off;
	int64_t value;      /* -1 = unknown */
	const char *text;   /* a sentence without full stop: what was found, or why nothing could be */
};

/*
 * Judges a document's "samplers" (pg/samplers/samplers.h). A check whose sampler is not in the document at all is left
 * out. Returns how many of the ALARM_COUNT elements were filled.
 */
size_t alarms_judge(struct arena *arena, const struct alarm_limits *limits, const struct json *samplers,
                    struct alarm_finding *ret_findings);

/* The worst of them; LEVEL_UNKNOWN when there are none. */
enum alarm_level alarms_worst(const struct alarm_finding *findings, size_t count);

/* A value in its unit for people, "97 %", "3 min 20 s"; in the arena. */
const char *alarm_value_text(struct arena *arena, enum alarm_unit unit, int64_t value);

/* Puts "state" and "checks" into the document; advice stands with those that are not ok. */
void alarms_report(struct json *document, const struct alarm_limits *limits, const struct alarm_finding *findings,
                   size_t count);

#endif
