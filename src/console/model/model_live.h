/*
 * What samples of live told over time: the part of the model behind sparklines, the histogram of latency and the list
 * of incidents. Bounded, whatever is told; knows no view.
 */
#ifndef CONSOLE_MODEL_LIVE_H
#define CONSOLE_MODEL_LIVE_H

#include "console/model/model.h"

enum model_series_id {
	SERIES_CONNECTIONS,
	SERIES_ACTIVE,  /* sessions at work */
	SERIES_COMMITS, /* per second */
	SERIES_WAL,     /* bytes per second */
	SERIES_WAITING, /* for a lock */
	SERIES_BEHIND,  /* waiting behind us */
	SERIES_FREE,    /* connections that are left */
	SERIES_LAG,     /* of the standby that is furthest behind, ms */
	SERIES_QUEUE,   /* clients that wait for a server of the pool that is worst off */
	SERIES_P99,     /* of the latency probe, us */
	SERIES_COUNT,
};

enum { MODEL_POINTS_MAX = 300 }; /* of a series: five minutes of what is told each second */

struct model_point {
	int64_t at_ms;
	double value;
};

struct model_series {
	struct model_point points[MODEL_POINTS_MAX]; /* a ring */
	size_t first, count;
};

enum model_phase { MODEL_BEFORE, MODEL_DURING, MODEL_AFTER, MODEL_PHASES };

/* How many answers took from 2^i us to below twice that. */
enum { MODEL_DOUBLINGS = 32 };
struct model_spread {
	int64_t counts[MODEL_DOUBLINGS], total;
};

/* What happened to live and is over when it is told: a deadlock, a slot that was lost. */
enum { MODEL_INCIDENTS_MAX = 50, INCIDENT_BYTES = 320 };
struct model_incident {
	int64_t at_ms;
	bool bad;
	char text[INCIDENT_BYTES];
};

struct model_live {
	struct model_series series[SERIES_COUNT];
	bool changing;                  /* a first statement was sent to live */
	double before[SERIES_COUNT];    /* mean of what was told until then */
	bool has_before[SERIES_COUNT];
	struct model_incident incidents[MODEL_INCIDENTS_MAX]; /* a ring */
	size_t incident_first, incident_count;
	struct json *queue;             /* the last values of locks with us in a queue; owned by the model */
	int64_t queued_ms;
	struct model_spread latency[MODEL_PHASES];
	enum model_phase phase; /* that the probe told last */
};

/* Notes a sample that has just been told; `before` = the values of the one before it, or NULL. */
void model_add_live(struct model *model, const struct model_sample *sample, const struct json *before);

/* From now on live is changed: what was told so far is what it is compared with. Only the first call counts. */
void model_begin_changing(struct model *model);

/* Something happened to live. */
void model_add_incident(struct model *model, bool bad, const char *format, ...) PRINTF_LIKE(3, 4);

/* Incident `index`, 0 = the oldest that is kept. */
const struct model_incident *model_incident(const struct model_live *live, size_t index);

/* The sampler whose figures a series is made of. */
const char *model_series_sampler(enum model_series_id id);

/* Whether the values are of a second in which the probe got no answer: whatever figures they have, there are none. */
bool model_probe_is_silent(const struct json *values);

/* Whether a value is a number, and which: an integer or a real. */
bool model_number(const struct json *value, double *ret_number);

/* Point `index` of a series, 0 = the oldest that is kept. */
const struct model_point *model_point(const struct model_series *series, size_t index);

#endif
