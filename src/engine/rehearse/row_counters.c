#include "engine/rehearse/row_counters.h"

#include <inttypes.h>
#include <string.h>

#include "engine/execute/trace.h"
#include "pg/query.h"

enum status row_counters_read(struct run *run, struct json **ret_counters, struct error *err)
{
	_cleanup_rows_ struct rows *rows = NULL;
	if (session_query(run->live, query_row_counters, 0, NULL, &rows, err) != OK)
		return error_wrap(err, "cannot read the tables' counters");
	struct json *counters = json_new_object();
	for (size_t i = 0; i < rows_count(rows); i++) {
		struct json *table = json_new_object();
		json_set_int(table, "rows", rows_int(rows, i, 1));
		json_set_text(table, "name", rows_get(rows, i, 2));
		json_set(counters, rows_get(rows, i, 0), table);
	}
	*ret_counters = counters;
	return OK;
}

static void add_touched(const struct trace *trace, struct text_index *touched)
{
	for (size_t m = 0; m < trace->migrations.count; m++) {
		const struct migration_trace *migration = &trace->migrations.items[m];
		for (size_t s = 0; s < migration->steps.count; s++)
			for (size_t c = 0; c < migration->steps.items[s].changes.count; c++)
				text_index_put(touched, migration->steps.items[s].changes.items[c].table, 0);
	}
}

struct comparison {
	struct run *run;
	struct evidence *evidence;
	const struct json *now;
	const struct text_index *touched;
	size_t compared, fell;
};

static bool compare_one(const char *oid, const struct json *value, void *context)
{
	struct comparison *comparison = context;
	struct run *run = comparison->run;
	const struct json *now = json_get(comparison->now, oid);
	const char *table = json_get_text(now, "name");

	if (!now || text_index_find(comparison->touched, table, NULL))
		return true;
	int64_t lost = json_get_int(value, "rows") - json_get_int(now, "rows");
	comparison->compared++;
	if (lost <= 0)
		return true;
	comparison->fell++;
	run_warn(run, comparison->evidence, "verify.rows",
	         "Ask whose deletes these were: no statement of the plan did it.",
	         arena_printf(run->arena, "table %s has %" PRId64 " rows less than when the apply began", table,
	                      lost), "-");
	return true;
}

enum status row_counters_compare(struct run *run, struct evidence *evidence, const struct json *before,
                                 const struct json *trace_value, struct error *err)
{
	_cleanup_json_ struct json *now = NULL;
	struct text_index *touched = text_index_new(run->arena);
	struct trace trace = {0};
	struct comparison comparison = {.run = run, .evidence = evidence, .touched = touched};

	if (!before) /* everything was committed by the run that this one continues */
		return OK;
	if (row_counters_read(run, &now, err) != OK || trace_read(run->arena, trace_value, &trace, err) != OK)
		return err->status;
	add_touched(&trace, touched);
	comparison.now = now;
	json_each(before, compare_one, &comparison);
	if (comparison.fell == 0)
		run_check(run, evidence, "verify.rows", true, NULL,
		          arena_printf(run->arena, "%zu untouched table(s) did not lose a row", comparison.compared),
		          "row counts of untouched tables do not fall");
	return OK;
}
