/*
 * Metrics: what is known of a server and its migrations in the Prometheus text form; one table row per metric, which
 * says its name, its kind, what it is and where it stands in the document. What is not known has no series. Pure.
 */
#ifndef CORE_HEALTH_METRIC_H
#define CORE_HEALTH_METRIC_H

#include <stdbool.h>
#include <stddef.h>

#include "base/json.h"
#include "base/strbuf.h"

#define METRICS_TYPE "text/plain; version=0.0.4; charset=utf-8"

enum metric_kind { METRIC_GAUGE, METRIC_COUNTER };

/* How the document's value becomes the metric's. */
enum metric_unit {
	METRIC_PLAIN,
	METRIC_MS,      /* to seconds */
	METRIC_US,      /* to seconds */
	METRIC_STAMP,   /* ISO 8601 to seconds since 1970 */
	METRIC_PERCENT, /* to a ratio */
	METRIC_LEVEL,   /* ok, warning, critical, unknown: 0 to 3, as monitoring plugins end; another word is no value */
	METRIC_ONE,     /* 1: the labels say it */
	METRIC_IS_OK,   /* 1 for the word "ok", 0 for any other */
	METRIC_COUNT,   /* of the elements of an array */
};

struct metric_label {
	const char *name, *member; /* member "" = the name of the member that the element is */
};

struct metric_row {
	const char *name;  /* without the prefix */
	enum metric_kind kind;
	enum metric_unit unit;
	const char *help;  /* a sentence without full stop, for the output and the manual */
	const char *sampler; /* whose values; while they are not its newest there is no series. NULL = the document's */
	const char *at;    /* of these, names with dots: an object; or an array, or with `each` an object, of elements */
	bool each;
	const char *value; /* names with dots, of a member of that; NULL = the element itself */
	struct metric_label labels[3]; /* unused ones have no name; null is an empty text */
};

#define METRIC_PREFIX "pgsluice_"

const struct metric_row *metrics_list(size_t *ret_count);

/* Appends every row that has a value in the document. */
void metrics_write(struct strbuf *out, const struct json *document);

#endif
