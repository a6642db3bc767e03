/*
 * What a run's events told over time: figures of live while it was changed, what was at work on it, what went wrong.
 * Bounded, however long the run is. Knows no picture.
 */
#ifndef CORE_REPORT_SERIES_H
#define CORE_REPORT_SERIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/json.h"
#include "base/list.h"
#include "core/event/event.h"
#include "core/flow/gate.h"

enum series_unit { SERIES_NUMBER, SERIES_PER_S, SERIES_BYTES, SERIES_BYTES_PER_S, SERIES_MS, SERIES_US };

/* "12", "1,204/s", "3.2 MiB/s", "1.2 s", "812 us" */
const char *series_figure(struct arena *arena, enum series_unit unit, double value);

/* One figure of one sampler. */
struct series_row {
	const char *name;   /* "SAMPLER.MEMBER": the name in the report's JSON */
	const char *label;  /* in the chart */
	const char *member; /* of the values; "a.b" is b in a, "a[].b" the largest b in the list a */
	bool or_none;       /* a member that is not told is 0 */
};

enum { SERIES_IN_GROUP = 4 };

/* Figures that belong into one picture. */
struct series_group {
	const char *name, *title;
	const char *about;      /* one sentence, for those who do not know the figure */
	const char *sampler;
	enum series_unit unit;
	bool logarithmic;       /* it spans orders of magnitude */
	const char *limit_label, *limit_member; /* what it is held against, or NULL */
	struct series_row rows[SERIES_IN_GROUP];
};

const struct series_group *series_groups(size_t *ret_count);

/* A figure holds until the next. Where the series grew too long, neighbours are one: first time, last value. */
struct series_point {
	int64_t at_ms;           /* wall clock */
	double least, most, last;
	bool missing;            /* from here on nothing is known */
};

enum { SERIES_POINTS_MOST = 600 };

struct series {
	struct series_point *points; /* NULL = none */
	size_t count;
	int64_t apart_ms;            /* at least; what comes sooner is one with the last */
};

/* What was told of a group. */
struct series_told {
	struct series series[SERIES_IN_GROUP];
	double limit;             /* the newest; 0 = not told */
	const char *unavailable;  /* why there were no figures, the last time; or NULL */
};

/* A migration at work on live, or a gate. */
struct series_span {
	const char *name;
	int64_t begin_ms, end_ms; /* end 0 = it never ended */
	const char *state;        /* of a gate: what it came to; of a migration "committed" or "failed" */
};

struct series_spans {
	struct series_span *items;
	size_t count, room;
};

/* Something that went wrong, or that somebody asked for. */
struct series_mark {
	int64_t at_ms;
	const char *text;
};

enum { SERIES_SPANS_MOST = 400, SERIES_MARKS_MOST = 100 };

struct series_set {
	struct arena *arena;
	struct series_told *told; /* one per group */
	struct series_spans gates, migrations;
	LIST(struct series_mark) marks;
	size_t marks_left_out;
	bool on_live;             /* gate apply or verify is at work */
};

struct series_set *series_open(void);
void series_close(struct series_set *set);

/* Takes an event of the run; at_ms does not go back. */
void series_take(struct series_set *set, int64_t at_ms, enum event_type type, const struct json *fields);

/* Whether a group has any figures at all. */
bool series_is_told(const struct series_group *group, const struct series_told *told);

/* The least and the most of a series, and its mean weighed by time up to `until_ms`; false when it has no figure. */
struct series_summary {
	double least, mean, most;
	int64_t most_at_ms;
};
bool series_summary(const struct series *series, int64_t until_ms, struct series_summary *ret_summary);

/* First and last time of all figures; false when there is none. */
bool series_times(const struct series_set *set, int64_t *ret_begin_ms, int64_t *ret_end_ms);

/*
 * [{"name":"locks.behind_us","unit":"number","points":[[at_ms,least,most,last],...]}]: times since `begin_ms`, and null
 * in place of figures where nothing was known. The caller owns it.
 */
struct json *series_json(const struct series_set *set, int64_t begin_ms);

#endif
