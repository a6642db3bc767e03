#include "plans.h"

/* ---- one tree, whatever the form ---- */

static const char *label_of(const struct plan_node *node, size_t index)
{
	static char label[128];
	snprintf(label, sizeof(label), "node %zu, %s", index, node->type);
	return label;
}

static void same_text(const char *what, const char *of, const char *a, const char *b)
{
	if ((a == NULL) != (b == NULL) || (a && strcmp(a, b) != 0))
		fail_msg("%s of %s: '%s' and '%s'", what, of, a ? a : "(none)", b ? b : "(none)");
}

static void same_number(const char *what, const char *of, double a, double b)
{
	if (a < b || a > b)
		fail_msg("%s of %s: %g and %g", what, of, a, b);
}

static void same_numbers(const char *what, const char *of, const void *a, const void *b, size_t size)
{
	for (size_t i = 0; i < size / sizeof(double); i++)
		same_number(what, of, ((const double *)a)[i], ((const double *)b)[i]);
}

static void same_details(const char *of, const struct plan_node *a, const struct plan_node *b)
{
	for (size_t i = 0; i < a->details.count && i < b->details.count; i++) {
		same_text("name of a detail", of, a->details.items[i].name, b->details.items[i].name);
		same_text(a->details.items[i].name, of, a->details.items[i].value, b->details.items[i].value);
	}
	same_number("number of details", of, (double)a->details.count, (double)b->details.count);
}

static void same_node(struct arena *arena, size_t index, const struct plan_node *a, const struct plan_node *b)
{
	const char *of = label_of(a, index);
	same_number("parent", of, (double)a->parent, (double)b->parent);
	same_number("link", of, a->link, b->link);
	same_text("title", of, plan_node_title(arena, a), plan_node_title(arena, b));
	same_text("type", of, a->type, b->type);
	same_text("subplan", of, a->subplan, b->subplan);
	same_text("returns", of, a->returns, b->returns);
	same_text("schema", of, a->schema, b->schema);
	same_text("relation", of, a->relation, b->relation);
	same_text("alias", of, a->alias, b->alias);
	same_text("index", of, a->index, b->index);
	same_text("cte", of, a->cte, b->cte);
	same_text("join type", of, a->join_type, b->join_type);
	same_text("strategy", of, a->strategy, b->strategy);
	same_text("partial mode", of, a->partial_mode, b->partial_mode);
	same_text("operation", of, a->operation, b->operation);
	same_text("command", of, a->command, b->command);
	same_text("direction", of, a->direction, b->direction);
	same_text("filter", of, a->filter, b->filter);
	same_text("sort key", of, a->sort_key, b->sort_key);
	same_text("group key", of, a->group_key, b->group_key);
	same_text("sort method", of, a->sort_method, b->sort_method);
	same_numbers("costs and rows", of, &a->startup_cost, &b->startup_cost, 4 * sizeof(double));
	same_numbers("times and rows", of, &a->startup_ms, &b->startup_ms, 4 * sizeof(double));
	same_numbers("rows removed", of, &a->removed_by_filter, &b->removed_by_filter, 7 * sizeof(double));
	same_number("sort on disk", of, a->sort_on_disk, b->sort_on_disk);
	same_numbers("memory and disk", of, &a->sort_space_bytes, &b->sort_space_bytes, 10 * sizeof(double));
	same_numbers("buffers", of, &a->buffers, &b->buffers, sizeof(a->buffers));
	same_numbers("WAL", of, &a->wal, &b->wal, sizeof(a->wal));
	same_number("never", of, a->never, b->never);
	same_number("analyzed", of, a->has_actual, b->has_actual);
	same_details(of, a, b);
	same_numbers("figures", of, &a->figures, &b->figures, offsetof(struct plan_figures, estimate_starts));
}

static void same_plan(struct arena *arena, const struct query_plan *a, const struct query_plan *b)
{
	same_number("nodes", "the plan", (double)a->nodes.count, (double)b->nodes.count);
	for (size_t i = 0; i < a->nodes.count; i++)
		same_node(arena, i, &a->nodes.items[i], &b->nodes.items[i]);
	same_number("triggers", "the plan", (double)a->triggers.count, (double)b->triggers.count);
	for (size_t i = 0; i < a->triggers.count; i++)
		same_number("calls", "a trigger", a->triggers.items[i].calls, b->triggers.items[i].calls);
	same_number("settings", "the plan", (double)a->settings.count, (double)b->settings.count);
	for (size_t i = 0; i < a->settings.count; i++) {
		same_text("name", "a setting", a->settings.items[i].name, b->settings.items[i].name);
		same_text("value", "a setting", a->settings.items[i].value, b->settings.items[i].value);
	}
}

/* Each plan twice, as servers of three versions printed it: TIMING OFF, so that both runs have the same figures. */
static void the_same_plan_in_json_and_text_is_one_tree(void **state)
{
	static const char *const names[] = {
		"partitions",    "grouping_sets", "cte_initplan_subplan", "spill",     "incremental_sort_memoize",
		"write_trigger", "merge",         "window_set_operation", "odd_names",
	};
	static const int versions[] = {15, 17, 18};
	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		for (size_t j = 0; j < sizeof(versions) / sizeof(*versions); j++) {
			_cleanup_arena_ struct arena *arena = arena_open();
			const char *json = arena_printf(arena, "%s_%d.json", names[i], versions[j]);
			const char *text = arena_printf(arena, "%s_%d.txt", names[i], versions[j]);
			print_message("%s\n", json);
			same_plan(arena, read_plan(arena, json), read_plan(arena, text));
		}
}

/* ---- frames ---- */

static const char *const framed[] = {
	/* psql, as it comes */
	"shop=# explain select 1;\n"
	"                      QUERY PLAN                      \n"
	"------------------------------------------------------\n"
	" Limit  (cost=0.00..0.02 rows=1 width=4)\n"
	"   ->  Seq Scan on t  (cost=0.00..35.50 rows=13 width=4)\n"
	"         Filter: (a = 1)\n"
	"(3 rows)\n"
	"\n"
	"Time: 0.345 ms\n",
	/* border 2 */
	"+---------------------------------------------------------+\n"
	"|                       QUERY PLAN                        |\n"
	"+---------------------------------------------------------+\n"
	"| Limit  (cost=0.00..0.02 rows=1 width=4)                 |\n"
	"|   ->  Seq Scan on t  (cost=0.00..35.50 rows=13 width=4) |\n"
	"|         Filter: (a = 1)                                 |\n"
	"+---------------------------------------------------------+\n"
	"(3 rows)\n",
	/* lines, and one row for each */
	"\xe2\x94\x8c\xe2\x94\x80[ RECORD 1 ]\xe2\x94\x80\xe2\x94\x80\xe2\x94\x90\n"
	"\xe2\x94\x82 QUERY PLAN \xe2\x94\x82 Limit  (cost=0.00..0.02 rows=1 width=4)                 \xe2\x94\x82\n"
	"\xe2\x94\x9c\xe2\x94\x80[ RECORD 2 ]\xe2\x94\x80\xe2\x94\x80\xe2\x94\xa4\n"
	"\xe2\x94\x82 QUERY PLAN \xe2\x94\x82   ->  Seq Scan on t  (cost=0.00..35.50 rows=13 width=4) \xe2\x94\x82\n"
	"\xe2\x94\x9c\xe2\x94\x80[ RECORD 3 ]\xe2\x94\x80\xe2\x94\x80\xe2\x94\xa4\n"
	"\xe2\x94\x82 QUERY PLAN \xe2\x94\x82         Filter: (a = 1)                                 \xe2\x94\x82\n",
	/* a grid */
	"\"QUERY PLAN\"\r\n"
	"\"Limit  (cost=0.00..0.02 rows=1 width=4)\"\r\n"
	"\"  ->  Seq Scan on t  (cost=0.00..35.50 rows=13 width=4)\"\r\n"
	"\"        Filter: (a = 1)\"\r\n",
	/* the log, between other entries */
	"2026-11-21 07:00:05 UTC [77] app@shop LOG:  statement: begin\n"
	"2026-11-21 07:00:05 UTC [77] app@shop LOG:  duration: 0.829 ms  plan:\n"
	"\tQuery Text: select a\n"
	"\t-- don't be fooled: by this\n"
	"\tfrom t where a = 1 limit 1\n"
	"\tLimit  (cost=0.00..0.02 rows=1 width=4)\n"
	"\t  ->  Seq Scan on t  (cost=0.00..35.50 rows=13 width=4)\n"
	"\t        Filter: (a = 1)\n"
	"2026-11-21 07:00:06 UTC [77] app@shop LOG:  duration: 3.000 ms  plan:\n"
	"\tQuery Text: select 2\n"
	"\tResult  (cost=0.00..0.01 rows=1 width=4)\n",
	/* the same without the tabs */
	"LOG:  duration: 0.829 ms  plan:\n"
	"Query Text: select a from t where a = 1 limit 1\n"
	"Limit  (cost=0.00..0.02 rows=1 width=4)\n"
	"  ->  Seq Scan on t  (cost=0.00..35.50 rows=13 width=4)\n"
	"        Filter: (a = 1)\n"
	"2026-11-21 07:00:06 UTC [77] app@shop ERROR:  no\n",
	/* the log in JSON, one entry in a line */
	"{\"pid\":7,\"message\":\"statement: begin\"}\n"
	"{\"pid\":7,\"message\":\"duration: 0.829 ms  plan:\\nQuery Text: select 1\\n"
	"Limit  (cost=0.00..0.02 rows=1 width=4)\\n"
	"  ->  Seq Scan on t  (cost=0.00..35.50 rows=13 width=4)\\n        Filter: (a = 1)\"}\n",
	/* the log as CSV */
	"2026-11-21 07:00:05 UTC,\"app\",\"shop\",77,\"[local]\",65,1,\"SELECT\",,0,LOG,00000,"
	"\"duration: 0.829 ms  plan:\n"
	"Query Text: select \"\"a\"\" from t\n"
	"Limit  (cost=0.00..0.02 rows=1 width=4)\n"
	"  ->  Seq Scan on t  (cost=0.00..35.50 rows=13 width=4)\n"
	"        Filter: (a = 1)\",,,,,,,,,\"psql\",\"client backend\",,0\n"
	"2026-11-21 07:00:06 UTC,\"app\",\"shop\",77,\"[local]\",65,2,\"idle\",,0,LOG,00000,\"more\"\n",
	/* JSON in psql's frame */
	"                 QUERY PLAN                  \n"
	"---------------------------------------------\n"
	" [                                          +\n"
	"   {\"Plan\": {\"Node Type\": \"Limit\", \"Startup Cost\": 0.00, \"Total Cost\": 0.02, \"Plan Rows\": 1,  +\n"
	"     \"Plan Width\": 4, \"Plans\": [{\"Node Type\": \"Seq Scan\", \"Parent Relationship\": \"Outer\",  +\n"
	"     \"Relation Name\": \"t\", \"Alias\": \"t\", \"Startup Cost\": 0.00, \"Total Cost\": 35.50,  +\n"
	"     \"Plan Rows\": 13, \"Plan Width\": 4, \"Filter\": \"(a = 1)\"}]}}  +\n"
	" ]\n"
	"(1 row)\n",
	/* JSON in the log */
	"LOG:  duration: 0.829 ms  plan:\n"
	"\t{\n"
	"\t  \"Query Text\": \"select 1\",\n"
	"\t  \"Plan\": {\"Node Type\": \"Limit\", \"Startup Cost\": 0.00, \"Total Cost\": 0.02, \"Plan Rows\": 1,\n"
	"\t    \"Plan Width\": 4, \"Plans\": [{\"Node Type\": \"Seq Scan\", \"Parent Relationship\": \"Outer\",\n"
	"\t    \"Relation Name\": \"t\", \"Alias\": \"t\", \"Startup Cost\": 0.00, \"Total Cost\": 35.50,\n"
	"\t    \"Plan Rows\": 13, \"Plan Width\": 4, \"Filter\": \"(a = 1)\"}]}\n"
	"\t}\n"
	"LOG:  statement: commit\n",
};

static void what_people_paste_is_the_same_plan_in_every_frame(void **state)
{
	static const char plain[] = "Limit  (cost=0.00..0.02 rows=1 width=4)\n"
				    "  ->  Seq Scan on t  (cost=0.00..35.50 rows=13 width=4)\n"
				    "        Filter: (a = 1)\n";
	(void)state;
	_cleanup_arena_ struct arena *arena = arena_open();
	const struct query_plan *expected = read_text(arena, plain);
	assert_int_equal(2, expected->nodes.count);
	assert_string_equal("(a = 1)", expected->nodes.items[1].filter);
	for (size_t i = 0; i < sizeof(framed) / sizeof(*framed); i++) {
		print_message("row %zu\n", i);
		same_plan(arena, expected, read_text(arena, framed[i]));
	}
	assert_string_equal("select a\n-- don't be fooled: by this\nfrom t where a = 1 limit 1",
	                    read_text(arena, framed[4])->query);
}

/* ---- what is beside the tree ---- */

static void times_triggers_and_jit_are_read_from_text(void **state)
{
	static const char text[] =
		"Delete on orders  (cost=0.42..8.44 rows=1 width=6) (actual time=0.046..0.046 rows=0 loops=1)\n"
		"  ->  Index Scan using orders_pkey on orders  (cost=0.42..8.44 rows=1 width=6) (actual "
		"time=0.020..0.021 rows=1 loops=1)\n"
		"        Index Cond: (id = 5)\n"
		"Settings: search_path = '\"$user\", public', work_mem = '64kB'\n"
		"Query Identifier: -1234567890123456789\n"
		"Planning:\n"
		"  Buffers: shared hit=7 read=2\n"
		"  Memory: used=10kB  allocated=16kB\n"
		"Planning Time: 0.125 ms\n"
		"Trigger for constraint items_order_id_fkey: time=12.500 calls=1\n"
		"Trigger audit on orders: time=0.500 calls=2\n"
		"JIT:\n"
		"  Functions: 4\n"
		"  Options: Inlining false, Optimization false, Expressions true, Deforming true\n"
		"  Timing: Generation 0.715 ms (Deform 0.300 ms), Inlining 0.000 ms, Optimization 0.500 ms, "
		"Emission 3.000 ms, Total 4.215 ms\n"
		"Serialization: time=0.250 ms  output=3kB  format=text\n"
		"  Buffers: shared hit=1\n"
		"Execution Time: 14.000 ms\n";
	(void)state;
	_cleanup_arena_ struct arena *arena = arena_open();
	struct query_plan *plan = read_text(arena, text);
	assert_int_equal(2, plan->nodes.count);
	assert_int_equal(2, plan->settings.count);
	assert_string_equal("\"$user\", public", plan->settings.items[0].value);
	assert_string_equal("64kB", plan->settings.items[1].value);
	assert_string_equal("-1234567890123456789", plan->query_id);
	assert_near(7, plan->planning_buffers.shared_hit);
	assert_near(2, plan->planning_buffers.shared_read);
	assert_near(0.125, plan->planning_ms);
	assert_int_equal(2, plan->triggers.count);
	assert_string_equal("", plan->triggers.items[0].name);
	assert_string_equal("items_order_id_fkey", plan->triggers.items[0].constraint);
	assert_string_equal("audit", plan->triggers.items[1].name);
	assert_string_equal("orders", plan->triggers.items[1].relation);
	assert_near(2, plan->triggers.items[1].calls);
	assert_true(plan->has_jit);
	assert_near(4, plan->jit_functions);
	assert_near(4.215, plan->jit_ms);
	assert_near(0.250, plan->serialization_ms);
	assert_near(3072, plan->serialization_bytes);
	assert_near(1, plan->serialization_buffers.shared_hit);
	assert_near(13, plan->trigger_ms);
	/* 14.000 - 0.046 - 13.000 - 0.250 */
	assert_near(0.704, plan->unattributed_ms);
	assert_string_equal("Planning Memory Used", plan->details.items[0].name);
	assert_string_equal("10kB", plan->details.items[0].value);
}

static void what_is_unknown_is_kept_and_shown(void **state)
{
	static const char json[] =
		"[{\"Plan\": {\"Node Type\": \"Motion\", \"Senders\": 3, \"Slices\": [1, 2], \"Deep\": {\"a\": {\"b\": true}},"
		" \"Plans\": [{\"Node Type\": \"Custom Scan\", \"Parent Relationship\": \"Outer\","
		" \"Custom Plan Provider\": \"ChunkAppend\", \"Relation Name\": \"metrics\", \"Alias\": \"m\","
		" \"Startup Exclusion\": false, \"Chunks excluded\": 2.50}]}, \"Slice statistics\": [{\"Slice\": 0}]}]";
	static const char text[] = "Motion (Senders 3)  (cost=0.00..1.00 rows=1 width=4)\n"
				   "  ->  Custom Scan (ChunkAppend) on metrics m  (cost=0.00..1.00 rows=1 width=4)\n"
				   "        Chunks excluded: 2.50\n";
	(void)state;
	_cleanup_arena_ struct arena *arena = arena_open();
	struct query_plan *plan = read_text(arena, json);
	const struct plan_node *motion = &plan->nodes.items[0], *custom = &plan->nodes.items[1];
	assert_string_equal("Motion", plan_node_title(arena, motion));
	assert_string_equal("Senders", motion->details.items[0].name);
	assert_string_equal("3", motion->details.items[0].value);
	assert_string_equal("1, 2", motion->details.items[1].value);
	assert_string_equal("a: (b: true)", motion->details.items[2].value);
	assert_string_equal("Custom Scan (ChunkAppend) on metrics m", plan_node_title(arena, custom));
	assert_string_equal("false", custom->details.items[0].value);
	assert_string_equal("2.5", custom->details.items[1].value);
	assert_string_equal("Slice statistics", plan->details.items[0].name);

	plan = read_text(arena, text);
	assert_string_equal("Motion (Senders 3)", plan->nodes.items[0].type);
	assert_string_equal("ChunkAppend", plan->nodes.items[1].provider);
	assert_string_equal("2.50", plan->nodes.items[1].details.items[0].value);
}

/* ---- refusals ---- */

static void what_is_no_query_plan_is_refused_with_what_was_expected(void **state)
{
	static const struct {
		const char *text, *message;
	} CASES[] = {
		{"", "there is no query plan in this text"},
		{"select 1;\n", "there is no query plan in this text"},
		{"Query Text: select 1\n", "there is no query plan in this text"},
		{"[]", "this JSON is no query plan"},
		{"[{\"Plan\": 3}]", "this JSON is no query plan"},
		{"{\"Plan\": {\"Node\": 1}}", "node 1 of the query plan is no object with a \"Node Type\""},
		{"[{\"Plan\": {\"Node Type\": \"Append\", \"Plans\": [7]}}]",
	         "node 2 of the query plan is no object with a \"Node Type\""},
		{"[{\"Plan\": ", "invalid JSON: "},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(CASES) / sizeof(*CASES); i++) {
		_cleanup_arena_ struct arena *arena = arena_open();
		_cleanup_error_ struct error err = {0};
		struct query_plan *plan;
		if (query_plan_read(arena, CASES[i].text, strlen(CASES[i].text), &plan, &err) != FAIL_USAGE)
			fail_msg("row %zu was not refused", i);
		if (strncmp(err.message, CASES[i].message, strlen(CASES[i].message)) != 0)
			fail_msg("row %zu: %s", i, err.message);
		assert_non_null(error_hint_text(&err));
	}
}

static void put_deep(struct strbuf *out, bool json, size_t levels)
{
	for (size_t i = 0; i < levels; i++)
		if (json)
			strbuf_printf(out, "%s{\"Node Type\":\"Limit\"", i ? ",\"Plans\":[" : "[{\"Plan\":");
		else
			strbuf_printf(out, "%*s%sLimit  (cost=0.00..0.02 rows=1 width=4)\n", i ? 6 * (int)i - 4 : 0, "",
			              i ? "->  " : "");
	for (size_t i = 0; json && i < levels; i++)
		strbuf_puts(out, i + 1 < levels ? "}]" : "}}]");
}

static void a_plan_of_a_thousand_levels_is_read_and_a_deeper_one_refused(void **state)
{
	(void)state;
	for (int json = 0; json < 2; json++) {
		_cleanup_arena_ struct arena *arena = arena_open();
		_cleanup_error_ struct error err = {0};
		_cleanup_strbuf_ struct strbuf deep = {0}, deeper = {0};
		struct query_plan *plan;
		put_deep(&deep, json, 1000);
		plan = read_text(arena, strbuf_text(&deep));
		assert_int_equal(1000, plan->nodes.count);
		assert_int_equal(999, plan->nodes.items[999].depth);
		put_deep(&deeper, json, 1001);
		assert_int_equal(FAIL_USAGE, query_plan_read(arena, strbuf_text(&deeper), deeper.length, &plan, &err));
		assert_string_equal("the query plan is too deep to be read", err.message);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_same_plan_in_json_and_text_is_one_tree),
		cmocka_unit_test(what_people_paste_is_the_same_plan_in_every_frame),
		cmocka_unit_test(times_triggers_and_jit_are_read_from_text),
		cmocka_unit_test(what_is_unknown_is_kept_and_shown),
		cmocka_unit_test(what_is_no_query_plan_is_refused_with_what_was_expected),
		cmocka_unit_test(a_plan_of_a_thousand_levels_is_read_and_a_deeper_one_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
