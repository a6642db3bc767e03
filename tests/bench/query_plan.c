/*
 * What it takes to read and lay out a query plan of 5,000 nodes with all that EXPLAIN tells: milliseconds from JSON,
 * from text, and of findings, verdict and shape, on one line.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/strbuf.h"
#include "core/explain/explained.h"
#include "core/explain/layout.h"
#include "sys/clock.h"

enum { NODES = 5000, BRANCHES = 50 };

/* A union of many joins over partitions: nodes with filters and blocks, no two alike. */
static const char *node_type(int i)
{
	static const char *const types[] = {"Seq Scan", "Index Scan", "Bitmap Heap Scan"};
	return i % (NODES / BRANCHES) == 0 ? "Append" : types[i % 3];
}

static void put_json(struct strbuf *out, int i)
{
	static const char *const blocks[] = {"Shared Hit", "Shared Read", "Shared Dirtied", "Shared Written",
	                                     "Local Hit",  "Local Read",  "Local Dirtied",  "Local Written",
	                                     "Temp Read",  "Temp Written"};
	strbuf_printf(out,
	              "{\"Node Type\": \"%s\", \"Parent Relationship\": \"Member\", \"Parallel Aware\": false,\n"
	              "\"Async Capable\": false, \"Relation Name\": \"measured_%d\", \"Schema\": \"public\",\n"
	              "\"Alias\": \"measured_%d\", \"Startup Cost\": 0.00, \"Total Cost\": %d.50, \"Plan Rows\": %d,\n"
	              "\"Plan Width\": 44, \"Actual Startup Time\": 0.011, \"Actual Total Time\": 1.%03d,\n"
	              "\"Actual Rows\": %d.00, \"Actual Loops\": 1, \"Disabled\": false,\n"
	              "\"Output\": [\"id\", \"at\", \"what\"], \"Filter\": \"(what = %d)\",\n"
	              "\"Rows Removed by Filter\": %d",
	              node_type(i), i, i, 100 + i % 77, 10 + i, i % 1000, 10 + i, i, i % 5);
	for (size_t b = 0; b < sizeof(blocks) / sizeof(*blocks); b++)
		strbuf_printf(out, ",\n\"%s Blocks\": %d", blocks[b], b < 2 ? i % 100 : 0);
}

static void write_json(struct strbuf *out)
{
	strbuf_puts(out, "[{\"Plan\": {\"Node Type\": \"Append\", \"Plans\": [\n");
	for (int i = 0; i < NODES - 1; i++) {
		bool opens = i % (NODES / BRANCHES) == 0;
		if (opens && i)
			strbuf_puts(out, "]}");
		strbuf_puts(out, i && (opens || i % (NODES / BRANCHES) != 1) ? ",\n" : "");
		put_json(out, i);
		strbuf_puts(out, opens ? ",\n\"Plans\": [" : "}");
	}
	strbuf_puts(out, "]}]}, \"Planning Time\": 9.000, \"Execution Time\": 9000.000}]\n");
}

static void write_text(struct strbuf *out)
{
	strbuf_puts(out, "Append  (cost=0.00..9.00 rows=9 width=44) (actual time=0.100..9.000 rows=9.00 loops=1)\n");
	for (int i = 0; i < NODES - 1; i++) {
		int indent = i % (NODES / BRANCHES) == 0 ? 2 : 8;
		strbuf_printf(out,
		              "%*s->  %s on public.measured_%d  (cost=0.00..%d.50 rows=%d width=44) (actual "
		              "time=0.011..1.%03d rows=%d.00 loops=1)\n",
		              indent, "", node_type(i), i, 100 + i % 77, 10 + i, i % 1000, 10 + i);
		strbuf_printf(out,
		              "%*sOutput: id, at, what\n%*sFilter: (what = %d)\n%*sRows Removed by Filter: %d\n"
		              "%*sBuffers: shared hit=%d read=%d\n",
		              indent + 6, "", indent + 6, "", i, indent + 6, "", 1 + i % 5, indent + 6, "",
		              1 + i % 100, 1 + i % 100);
	}
	strbuf_puts(out, "Planning Time: 9.000 ms\nExecution Time: 9000.000 ms\n");
}

static void measure(const struct strbuf *text, double *ret_read_ms, double *ret_judge_ms)
{
	_cleanup_arena_ struct arena *arena = arena_open();
	_cleanup_error_ struct error err = {0};
	struct query_plan *plan;
	int64_t start_us = clock_us();
	if (query_plan_read(arena, strbuf_text(text), text->length, &plan, &err) || plan->nodes.count != NODES) {
		fprintf(stderr, "%s\n", err.message ? err.message : "another number of nodes");
		exit(1);
	}
	plan_layout_new(arena, plan, NULL, plan_measure_best(plan), false);
	int64_t read_us = clock_us();
	explained_new(arena, plan, NULL);
	*ret_read_ms = (double)(read_us - start_us) / 1000;
	*ret_judge_ms = (double)(clock_us() - read_us) / 1000;
}

int main(void)
{
	_cleanup_strbuf_ struct strbuf json = {0}, text = {0};
	double json_ms, text_ms, judge_ms;
	write_json(&json);
	write_text(&text);
	measure(&text, &text_ms, &judge_ms);
	measure(&json, &json_ms, &judge_ms);
	printf("%.2f %.2f %.2f\n", json_ms, text_ms, judge_ms);
	return 0;
}
