/*
 * What samples of live told over time: the part of the model behind sparklines and the histogram of latency. Bounded,
 * whatever is told; knows no view.
 */
#ifndef CONSOLE_MODEL_LIVE_H
#define CONSOLE_MODEL_LIVE_H

#include "console/model.h"

enum model_series_id {
	SERIES_CONNECTIONS,
	SERIES_ACTIVE,  /* sessions at work */
	SERIES_COMMITS, /* per second */
	SERIES_WAL,     /* bytes per second */
	SERIES_WAITING, /* for a lock */
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

struct model_live {
	struct model_series series[SERIES_COUNT];
	struct model_spread latency[MODEL_PHASES];
	enum model_phase phase; /* that the probe told last */
};

/* Notes a sample that has just been told. */
void model_add_live(struct model *model, const struct model_sample *sample);

/* Whether a value is a number, and which: an integer or a real. */
bool model_number(const struct json *value, double *ret_number);

/* Point `index` of a series, 0 = the oldest that is kept. */
const struct model_point *model_point(const struct model_series *series, size_t index);

#endif
