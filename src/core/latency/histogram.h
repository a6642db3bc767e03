/*
 * How long things took: a histogram of fixed size, its cells growing with the value, so that 1 us and 1 h are told
 * with the same relative error. Knows no clock and no server.
 *
 * It is our own because Debian has no package of HdrHistogram, whose idea this is. A cell is at most 1/128 of its
 * value wide, and values below 256 us have a cell each: a percentile is never below the true one, and at most 0.8 %
 * above it. Count, least, most and mean are exact. Recording a value costs a few ns.
 */
#ifndef CORE_LATENCY_HISTOGRAM_H
#define CORE_LATENCY_HISTOGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/json.h"

/* What is shorter or longer is counted as these. */
#define HISTOGRAM_LEAST_US INT64_C(1)
#define HISTOGRAM_MOST_US  INT64_C(3600000000)

/* 256 cells of 1 us, then 128 for each doubling, up to the one that 1 h is in. */
enum { HISTOGRAM_CELLS = 256 + 24 * 128 };

/* Zeroed, it is empty. About 26 KiB; copied by assignment. */
struct histogram {
	int64_t count;
	int64_t least_us, most_us;  /* of what was recorded, as given; 0 when empty */
	double sum_us;
	int64_t cells[HISTOGRAM_CELLS];
};

void histogram_clear(struct histogram *histogram);

void histogram_record(struct histogram *histogram, int64_t value_us);

/*
 * The same for one that was to be done every `interval_us` and could not while this one took its time: those that were
 * left out are recorded as what they would have waited, value - interval, value - 2 * interval, ... (coordinated
 * omission). Do not use it on values that count from the intended start already. Interval 0: as histogram_record.
 */
void histogram_record_corrected(struct histogram *histogram, int64_t value_us, int64_t interval_us);

/* Adds what is in the other. */
void histogram_merge(struct histogram *to, const struct histogram *from);

/*
 * The value that this share of all values (0..1) does not exceed: rank ceil(share * count), at least the first. 0 when
 * empty.
 */
int64_t histogram_percentile(const struct histogram *histogram, double share);

/* Sets "p50_us", "p99_us" and "most_us" of the object; none of them when empty, for no answer is not one of 0 us. */
void histogram_set_percentiles(const struct histogram *histogram, struct json *object);

/* 0 when empty. */
double histogram_mean(const struct histogram *histogram);

/* How many are longer than that, as exactly as the cells know it: those in its own cell are not. */
int64_t histogram_over(const struct histogram *histogram, int64_t value_us);

/* A line of the histogram for a terminal: values from low_us to below high_us, which is twice that. */
struct histogram_row {
	int64_t low_us, high_us;
	int64_t count;
};

enum { HISTOGRAM_ROWS = 32 };

/* From the lowest to the highest that has any, the empty ones between them too; returns how many. */
size_t histogram_rows(const struct histogram *histogram, struct histogram_row ret_rows[HISTOGRAM_ROWS]);

/*
 * {"count":3,"least_us":5,"most_us":300,"sum_us":405,"cells":[5,1,95,2]}: cells that are not empty, each as how many
 * it lies behind the one before and its count. The caller owns it.
 */
struct json *histogram_json(const struct histogram *histogram);

/* Reads that form back; false, and nothing is changed, when it is none. */
bool histogram_read(const struct json *value, struct histogram *ret_histogram);

#endif
