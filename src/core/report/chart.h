/*
 * Pictures of a run as SVG, for a page that gives the classes their colours: a chart over time, a line of what was at
 * work when, a histogram of latencies. Knows no page and no file.
 *
 * Classes: axis, grid, label; s0 to s3 a series, with reach the range of several figures that are one; limit; span and
 * its state; mark. Everything that can be pointed at has a title.
 */
#ifndef CORE_REPORT_CHART_H
#define CORE_REPORT_CHART_H

#include "base/arena.h"
#include "base/strbuf.h"
#include "core/latency/histogram.h"
#include "core/report/series.h"

/* The series of one group between two times, with what was at work on live behind them and what went wrong. */
void chart_series(struct strbuf *out, struct arena *arena, const struct series_set *set, size_t group,
                  int64_t begin_ms, int64_t end_ms);

/* A bar for each span, with its name and how long it was; those without an end reach to the end. */
void chart_spans(struct strbuf *out, struct arena *arena, const struct series_span *spans, size_t count,
                 int64_t begin_ms, int64_t end_ms);

/* What share of the answers took how long: one histogram beside the other. Empty ones are left out. */
struct chart_phase {
	const char *name;
	struct histogram latency;
};
void chart_latency(struct strbuf *out, struct arena *arena, const struct chart_phase *phases, size_t count);

/* "1:30", "1:02:30": a time since the beginning, as the axis has it. */
const char *chart_time(struct arena *arena, int64_t since_ms);

#endif
