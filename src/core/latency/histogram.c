#include "core/latency/histogram.h"

/* A value's highest eight bits are its cell within its doubling. */
enum { CELL_BITS = 7, EXACT_CELLS = 1 << (CELL_BITS + 1) };

static int64_t bounded(int64_t value_us)
{
	if (value_us < HISTOGRAM_LEAST_US)
		return HISTOGRAM_LEAST_US;
	return value_us > HISTOGRAM_MOST_US ? HISTOGRAM_MOST_US : value_us;
}

static size_t cell_of(int64_t bounded_us)
{
	uint64_t value = (uint64_t)bounded_us;
	if (value < EXACT_CELLS)
		return (size_t)value;
	unsigned shift = 63U - (unsigned)__builtin_clzll(value) - CELL_BITS;
	return ((size_t)shift << CELL_BITS) + (size_t)(value >> shift);
}

static unsigned shift_of(size_t cell)
{
	return cell < EXACT_CELLS ? 0 : (unsigned)(cell >> CELL_BITS) - 1;
}

static int64_t lowest_of(size_t cell)
{
	unsigned shift = shift_of(cell);
	return (int64_t)((uint64_t)(cell - ((size_t)shift << CELL_BITS)) << shift);
}

static int64_t highest_of(size_t cell)
{
	return lowest_of(cell) + (INT64_C(1) << shift_of(cell)) - 1;
}

void histogram_clear(struct histogram *histogram)
{
	*histogram = (struct histogram){0};
}

static void note_range(struct histogram *histogram, int64_t least_us, int64_t most_us)
{
	if (histogram->count == 0 || least_us < histogram->least_us)
		histogram->least_us = least_us;
	if (histogram->count == 0 || most_us > histogram->most_us)
		histogram->most_us = most_us;
}

void histogram_record(struct histogram *histogram, int64_t value_us)
{
	if (value_us < 0)
		value_us = 0;
	note_range(histogram, value_us, value_us);
	histogram->count++;
	histogram->sum_us += (double)value_us;
	histogram->cells[cell_of(bounded(value_us))]++;
}

void histogram_record_corrected(struct histogram *histogram, int64_t value_us, int64_t interval_us)
{
	histogram_record(histogram, value_us);
	if (interval_us <= 0)
		return;
	/* Cell by cell, so that an hour at a million a second is no endless loop. */
	for (int64_t left_us = bounded(value_us) - interval_us; left_us >= interval_us;) {
		size_t cell = cell_of(bounded(left_us));
		int64_t floor_us = lowest_of(cell) > interval_us ? lowest_of(cell) : interval_us;
		int64_t count = (left_us - floor_us) / interval_us + 1;
		int64_t last_us = left_us - (count - 1) * interval_us;
		note_range(histogram, last_us, left_us);
		histogram->count += count;
		histogram->sum_us += (double)count * ((double)left_us + (double)last_us) / 2;
		histogram->cells[cell] += count;
		left_us = last_us - interval_us;
	}
}

void histogram_merge(struct histogram *to, const struct histogram *from)
{
	if (from->count == 0)
		return;
	note_range(to, from->least_us, from->most_us);
	to->count += from->count;
	to->sum_us += from->sum_us;
	for (size_t i = 0; i < HISTOGRAM_CELLS; i++)
		to->cells[i] += from->cells[i];
}

static int64_t within(const struct histogram *histogram, int64_t value_us)
{
	if (value_us < histogram->least_us)
		return histogram->least_us;
	return value_us > histogram->most_us ? histogram->most_us : value_us;
}

int64_t histogram_percentile(const struct histogram *histogram, double share)
{
	/* 0.07 * 100 is a little more than 7 in binary; a rank must not move up for that. */
	double wanted = share * (double)histogram->count - 1e-6;
	int64_t rank = wanted > 0 ? (int64_t)wanted + 1 : 1, seen = 0;

	if (histogram->count == 0)
		return 0;
	/* The last is known exactly, and it may lie beyond the last cell. */
	if (rank >= histogram->count)
		return histogram->most_us;
	for (size_t i = 0; i < HISTOGRAM_CELLS; i++) {
		seen += histogram->cells[i];
		if (seen >= rank)
			return within(histogram, highest_of(i));
	}
	return histogram->most_us;
}

void histogram_set_percentiles(const struct histogram *histogram, struct json *object)
{
	if (histogram->count == 0)
		return;
	json_set_int(object, "p50_us", histogram_percentile(histogram, 0.5));
	json_set_int(object, "p99_us", histogram_percentile(histogram, 0.99));
	json_set_int(object, "most_us", histogram->most_us);
}

double histogram_mean(const struct histogram *histogram)
{
	return histogram->count ? histogram->sum_us / (double)histogram->count : 0;
}

int64_t histogram_over(const struct histogram *histogram, int64_t value_us)
{
	int64_t over = 0;
	for (size_t i = cell_of(bounded(value_us)) + 1; i < HISTOGRAM_CELLS; i++)
		over += histogram->cells[i];
	return over;
}

size_t histogram_rows(const struct histogram *histogram, struct histogram_row ret_rows[HISTOGRAM_ROWS])
{
	struct histogram_row all[HISTOGRAM_ROWS];
	size_t first = HISTOGRAM_ROWS, behind = 0, count = 0;

	for (size_t i = 0; i < HISTOGRAM_ROWS; i++)
		all[i] = (struct histogram_row){.low_us = INT64_C(1) << i, .high_us = INT64_C(2) << i};
	for (size_t i = 1; i < HISTOGRAM_CELLS; i++) {
		size_t row = 63U - (size_t)__builtin_clzll((uint64_t)lowest_of(i));
		all[row].count += histogram->cells[i];
	}
	for (size_t i = 0; i < HISTOGRAM_ROWS; i++) {
		if (all[i].count == 0)
			continue;
		first = first < i ? first : i;
		behind = i + 1;
	}
	for (size_t i = first; i < behind; i++)
		ret_rows[count++] = all[i];
	return count;
}

struct json *histogram_json(const struct histogram *histogram)
{
	struct json *object = json_new_object(), *cells = json_new_array();
	size_t before = 0;

	json_set_int(object, "count", histogram->count);
	json_set_int(object, "least_us", histogram->least_us);
	json_set_int(object, "most_us", histogram->most_us);
	json_set_int(object, "sum_us", histogram->sum_us < 9e18 ? (int64_t)histogram->sum_us : INT64_MAX);
	for (size_t i = 0; i < HISTOGRAM_CELLS; i++) {
		if (histogram->cells[i] == 0)
			continue;
		json_push(cells, json_new_int((int64_t)(i - before)));
		json_push(cells, json_new_int(histogram->cells[i]));
		before = i;
	}
	json_set(object, "cells", cells);
	return object;
}

static bool read_cells(const struct json *cells, struct histogram *histogram)
{
	size_t count = json_count(cells), cell = 0;
	int64_t total = 0;

	for (size_t i = 0; i + 1 < count; i += 2) {
		int64_t gap = json_int(json_at(cells, i)), values = json_int(json_at(cells, i + 1));
		if (gap < 0 || gap >= (int64_t)(HISTOGRAM_CELLS - cell) || values <= 0 || values > INT64_MAX - total)
			return false;
		cell += (size_t)gap;
		histogram->cells[cell] += values;
		total += values;
	}
	return count % 2 == 0 && total == histogram->count;
}

bool histogram_read(const struct json *value, struct histogram *ret_histogram)
{
	const struct json *cells = json_get(value, "cells");
	struct histogram read = {.count = json_get_int(value, "count"),
	                         .least_us = json_get_int(value, "least_us"),
	                         .most_us = json_get_int(value, "most_us"),
	                         .sum_us = (double)json_get_int(value, "sum_us")};

	if (!cells || json_kind(cells) != JSON_KIND_ARRAY || read.count < 0 || read.least_us < 0 ||
	    read.most_us < read.least_us || !read_cells(cells, &read))
		return false;
	*ret_histogram = read;
	return true;
}
