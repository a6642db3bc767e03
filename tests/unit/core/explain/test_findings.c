#include "plans.h"

#include "core/explain/finding.h"

/* "high selective-scan: sentence -> SQL", a line each. */
static const char *findings_of(struct arena *arena, const struct query_plan *plan)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	struct plan_finding_list findings;

	plan_findings_find(arena, plan, &findings);
	for (size_t i = 0; i < findings.count; i++) {
		const struct plan_finding *finding = &findings.items[i];
		strbuf_printf(&text, "%s%s %s: %s%s%s", i ? "\n" : "", plan_severity_name(finding->severity), finding->rule,
		              finding->sentence, finding->sql ? " -> " : "", finding->sql ? finding->sql : "");
	}
	return arena_strdup(arena, strbuf_text(&text));
}

static const char *verdict_of(struct arena *arena, const struct query_plan *plan)
{
	struct plan_finding_list findings;
	plan_findings_find(arena, plan, &findings);
	return query_plan_verdict(arena, plan, &findings);
}

/* Plans of a real server: see plans/make. Planner switches were used to get them, and are found as well. */
static const struct {
	const char *file, *verdict, *findings;
} REAL[] = {
	{"selective.json", "15.3 ms; 99% in Seq Scan on orders, which reads 200,000 rows to keep 10",
	 "high selective-scan: Seq Scan on orders reads 200,000 rows to keep 10, 99% of the statement "
	 "-> CREATE INDEX CONCURRENTLY ON orders (customer_id, amount)"},
	{"selective_quoted.json", "4.7 ms; 99% in Seq Scan on \"Order Items\", which reads 100,000 rows to keep 20",
	 "high selective-scan: Seq Scan on \"Order Items\" reads 100,000 rows to keep 20, 99% of the "
	 "statement -> CREATE INDEX CONCURRENTLY ON \"Order Items\" (\"user\")"},
	{"alias_plan.json", "15.3 ms; 99% in Seq Scan on public.orders o, which reads 200,000 rows to keep 10",
	 "high selective-scan: Seq Scan on public.orders o reads 200,000 rows to keep 10, 99% of the "
	 "statement -> CREATE INDEX CONCURRENTLY ON public.orders (customer_id, amount)"},
	{"no_buffers.json", "14.6 ms; 99% in Seq Scan on orders, which reads 200,000 rows to keep 10",
	 "high selective-scan: Seq Scan on orders reads 200,000 rows to keep 10, 99% of the statement "
	 "-> CREATE INDEX CONCURRENTLY ON orders (customer_id, amount)"},
	{"no_timing.json", "15.8 ms; 100% of the pages in Seq Scan on orders, which reads 200,000 rows to keep 10",
	 "high selective-scan: Seq Scan on orders reads 200,000 rows to keep 10, 100% of the "
	 "statement -> CREATE INDEX CONCURRENTLY ON orders (customer_id, amount)"},
	{"subplan.json", "36.8 ms; 99% in Seq Scan on orders o, which reads 1,000,000 rows to keep 50",
	 "high selective-scan: Seq Scan on orders o reads 1,000,000 rows to keep 50, 99% of the "
	 "statement -> CREATE INDEX CONCURRENTLY ON orders (customer_id)"},
	{"parallel.json", "24.4 ms; 60% in Parallel Seq Scan on orders, which reads 200,001 rows to keep 2,010",
	 "high selective-scan: Parallel Seq Scan on orders reads 200,001 rows to keep 2,010, 60% of "
	 "the statement -> CREATE INDEX CONCURRENTLY ON orders (amount)\n"
	 "medium own-time: Gather Merge takes 9.4 ms by itself, 38% of the statement"},
	{"partitions_scan.json", "5.0 ms; 97% in Seq Scan on 6 partitions of events, which reads 120,000 rows to "
		 "keep 1,200",
	 "high selective-scan: Seq Scan on 6 partitions of events reads 120,000 rows to keep 1,200, "
	 "97% of the statement"},
	{"gin.json", "43.8 ms; 99% in Seq Scan on items, which reads 300,000 rows to keep 300",
	 "high selective-scan: Seq Scan on items reads 300,000 rows to keep 300, 99% of the statement "
	 "-> CREATE INDEX CONCURRENTLY ON items USING gin (doc)\n"
	 "low estimate: Seq Scan on items gives 300 rows where 30 were expected: 10 times too many -> "
	 "ANALYZE items"},
	{"arrow.json", "35.8 ms; 99% in Seq Scan on items, which reads 300,000 rows to keep 300",
	 "high selective-scan: Seq Scan on items reads 300,000 rows to keep 300, 99% of the statement "
	 "-> CREATE INDEX CONCURRENTLY ON items ((doc ->> 'k'::text))"},
	{"waste.json", "1.6 ms; 94% in Bitmap Heap Scan on items, which reads 600 rows to keep 2",
	 "high filter-waste: Bitmap Heap Scan on items finds 600 rows and its filter throws 598 of "
	 "them away -> CREATE INDEX CONCURRENTLY ON items (product, order_id)"},
	{"correlated.json", "1.1 ms; 95% in Seq Scan on customers, which reads 20,000 rows to keep 1,000",
	 "high filter-waste: Seq Scan on customers finds 20,000 rows and its filter throws 19,000 of "
	 "them away\n"
	 "low estimate: Seq Scan on customers gives 1,000 rows where 50 were expected: 20 times too "
	 "many -> CREATE STATISTICS customers_region_city ON region, city FROM customers; ANALYZE "
	 "customers"},
	{"estimate.json", "4.8 ms; 82% in Seq Scan on fresh, which reads 100,000 rows to keep 33,334",
	 "high own-time: Seq Scan on fresh takes 3.9 ms by itself, 82% of the statement\n"
	 "low estimate: Seq Scan on fresh gives 33,334 rows where 501 were expected: 67 times too "
	 "many -> ANALYZE fresh"},
	{"nested.json", "66.9 ms; 71% in Index Only Scan using orders_pkey on orders o, which is run 60,000 times",
	 "high inner-side: the inner side of a nested loop, Index Only Scan using orders_pkey on "
	 "orders o, is run 60,000 times, once for each row of Seq Scan on items i: 71% of the "
	 "statement\n"
	 "medium own-time: Seq Scan on items i takes 17.1 ms by itself, 26% of the statement\n"
	 "medium planner-switch: enable_hashjoin is off: the planner may not choose freely -> RESET "
	 "enable_hashjoin\n"
	 "medium planner-switch: enable_memoize is off: the planner may not choose freely -> RESET "
	 "enable_memoize\n"
	 "medium planner-switch: enable_mergejoin is off: the planner may not choose freely -> RESET "
	 "enable_mergejoin"},
	{"join3_loops.json", "33.5 ms; 60% in Index Scan using items_order_id_idx on items i, which is run "
		 "10,000 times",
	 "high inner-side: the inner side of a nested loop, Index Scan using items_order_id_idx on "
	 "items i, is run 10,000 times, once for each row of Nested Loop: 60% of the statement\n"
	 "medium inner-side: the inner side of a nested loop, Index Scan using orders_customer_id_idx "
	 "on orders o, is run 1,000 times, once for each row of Seq Scan on customers c: 24% of the "
	 "statement\n"
	 "medium planner-switch: enable_hashjoin is off: the planner may not choose freely -> RESET "
	 "enable_hashjoin\n"
	 "medium planner-switch: enable_mergejoin is off: the planner may not choose freely -> RESET "
	 "enable_mergejoin\n"
	 "low filter-waste: Seq Scan on customers c finds 20,000 rows and its filter throws 19,000 of "
	 "them away"},
	{"cartesian.json", "16.9 ms; 47% in Nested Loop, which gives 149,500 rows",
	 "high cartesian-product: nothing joins Index Only Scan using customers_pkey on customers b "
	 "with Materialize: each of 500 rows meets each of 299, 149,500 rows in all\n"
	 "medium own-time: Aggregate takes 4.9 ms by itself, 29% of the statement\n"
	 "medium own-time: Materialize takes 4.0 ms by itself, 24% of the statement"},
	{"sort_disk.json", "217 ms; 93% in Sort, which sorts 200,000 rows on disk (16 MiB)",
	 "high sort-on-disk: Sort of 200,000 rows goes to disk (16 MiB): in memory it needs about 28 "
	 "MiB of work_mem -> SET work_mem = '32MB'"},
	{"hash_batches.json", "132 ms; 46% in Hash Join, which gives 300,000 rows",
	 "high hash-batches: the hash table of 200,000 rows is split into 16 batches (16 planned), "
	 "which go through temporary files: in one it needs about 20 MiB of work_mem -> SET work_mem "
	 "= '32MB'\n"
	 "medium own-time: Hash Join takes 60.5 ms by itself, 46% of the statement\n"
	 "medium planner-switch: enable_mergejoin is off: the planner may not choose freely -> RESET "
	 "enable_mergejoin\n"
	 "medium planner-switch: enable_nestloop is off: the planner may not choose freely -> RESET "
	 "enable_nestloop\n"
	 "low own-time: Seq Scan on items i takes 20.0 ms by itself, 15% of the statement\n"
	 "low own-time: Seq Scan on orders o takes 16.1 ms by itself, 12% of the statement"},
	{"agg_spill.json", "110 ms; 81% in HashAggregate, which goes through temporary files in 41 batches",
	 "high spill: HashAggregate does not fit into work_mem: 7.3 MiB go to disk -> SET work_mem = "
	 "'16MB'\n"
	 "medium planner-switch: enable_sort is off: the planner may not choose freely -> RESET "
	 "enable_sort\n"
	 "low own-time: Seq Scan on items takes 13.8 ms by itself, 13% of the statement"},
	{"materialize.json", "46.8 ms; 57% in CTE Scan on a, which gives 200,000 rows",
	 "high temporary-files: CTE Scan on a reads and writes 2,026 pages of temporary files (16 "
	 "MiB) -> SET work_mem = '32MB'\n"
	 "low own-time: Aggregate takes 9.3 ms by itself, 20% of the statement\n"
	 "low own-time: Seq Scan on orders takes 8.8 ms by itself, 19% of the statement"},
	{"lossy.json", "23.6 ms; 66% in Bitmap Heap Scan on items, which knows only the page of most rows and "
	 "throws 25,038 away",
	 "high lossy-bitmap: Bitmap Heap Scan on items remembers only the page for 1,561 of 2,445 "
	 "pages, so it looks at all rows there again and throws 25,038 away: the bitmap needs about "
	 "153 KiB of work_mem -> SET work_mem = '1MB'\n"
	 "medium own-time: Aggregate takes 5.2 ms by itself, 22% of the statement\n"
	 "medium planner-switch: enable_indexscan is off: the planner may not choose freely -> RESET "
	 "enable_indexscan\n"
	 "medium planner-switch: enable_seqscan is off: the planner may not choose freely -> RESET "
	 "enable_seqscan\n"
	 "low own-time: Bitmap Index Scan on items_product_idx takes 2.8 ms by itself, 12% of the "
	 "statement"},
	{"heap_fetches.json", "3.8 ms; 77% in Index Only Scan using fresh_id on fresh, which goes to the table "
		 "24,999 "
	 "times for 24,999 rows",
	 "high heap-fetches: Index Only Scan using fresh_id on fresh went to the table 24,999 times "
	 "for 24,999 rows: the visibility map does not vouch for those pages -> VACUUM fresh\n"
	 "medium own-time: Aggregate takes 0.87 ms by itself, 23% of the statement\n"
	 "medium planner-switch: enable_bitmapscan is off: the planner may not choose freely -> RESET "
	 "enable_bitmapscan\n"
	 "medium planner-switch: enable_seqscan is off: the planner may not choose freely -> RESET "
	 "enable_seqscan"},
	{"fk.json", "180 ms; 99% in the trigger items_order_id_fkey, which is called 20 times",
	 "high foreign-key-trigger: the foreign key items_order_id_fkey is checked 20 times in 180 "
	 "ms, 99% of the statement: the table that references seems to have no index on the key's "
	 "columns -> SELECT format('CREATE INDEX CONCURRENTLY ON %s (%s)', conrelid::regclass, "
	 "(SELECT string_agg(quote_ident(attname), ', ' ORDER BY n) FROM unnest(conkey) WITH "
	 "ORDINALITY AS k (attnum, n) JOIN pg_attribute USING (attnum) WHERE attrelid = conrelid)) "
	 "FROM pg_constraint WHERE contype = 'f' AND conname = 'items_order_id_fkey'"},
	{"jit.json", "209 ms; 63% outside all nodes",
	 "medium selective-scan: Seq Scan on orders reads 200,000 rows to keep 4,000, 36% of the "
	 "statement -> CREATE INDEX CONCURRENTLY ON orders (status)\n"
	 "medium jit-time: compiling 5 functions just in time takes 66.9 ms, 32% of the statement -> "
	 "SET jit = off\n"
	 "medium unattributed-time: 65.6 ms, 31% of the statement, passed outside the nodes: opening "
	 "and closing relations, waiting for locks, sending rows"},
	{"disabled.json", "36.5 ms; 56% in Aggregate, which gives 1 row",
	 "high own-time: Aggregate takes 20.5 ms by itself, 56% of the statement\n"
	 "medium own-time: Seq Scan on orders takes 15.9 ms by itself, 44% of the statement\n"
	 "medium planner-switch: enable_seqscan is off: the planner may not choose freely -> RESET "
	 "enable_seqscan\n"
	 "low disabled-node: Seq Scan on orders is switched off by a setting and was taken all the "
	 "same: there was no other way"},
	{"workers.json", "22.2 ms; 60% in Partial Aggregate, which gives 1 row",
	 "high own-time: Partial Aggregate takes 13.3 ms by itself, 60% of the statement\n"
	 "medium own-time: Parallel Seq Scan on orders takes 8.5 ms by itself, 39% of the statement\n"
	 "low workers-missing: Gather got 0 of 1 worker that were planned: others were using them, or "
	 "max_parallel_workers is too low"},
	{"index_used.json", "0.06 ms; 36% in Bitmap Heap Scan on orders, which gives 10 rows",
	 ""},
	{"partition_one.json", "0.54 ms; 89% in Bitmap Heap Scan on events_2026_01 events, which gives 207 rows",
	 ""},
	{"partitions_pruned.json", "1.4 ms; 84% in Bitmap Heap Scan on 4 partitions of events, which gives 796 rows",
	 "high own-time: Bitmap Heap Scan on 4 partitions of events takes 1.2 ms by itself, 84% of "
	 "the statement"},
	{"limit.json", "0.04 ms; 55% in Index Scan Backward using orders_created_at_idx on orders, which gives 10 "
	 "rows",
	 ""},
	{"newest.json", "8.6 ms; 99% in Seq Scan on orders o, which reads 200,000 rows to keep 10",
	 "high selective-scan: Seq Scan on orders o reads 200,000 rows to keep 10, 99% of the "
	 "statement -> CREATE INDEX CONCURRENTLY ON orders (customer_id, created_at DESC)"},
	{"planned.json", "not run, estimated cost 5,667; 100% in Seq Scan on orders, which is expected to give "
		 "10 rows",
	 ""},
	{"planned_index.json", "not run, estimated cost 43; 90% in Bitmap Heap Scan on orders, which is expected "
		 "to give 10 "
	 "rows",
	 ""},
	{"join3.json", "69.7 ms; 37% in Hash Join, which gives 15,000 rows",
	 "medium own-time: Hash Join takes 25.5 ms by itself, 37% of the statement\n"
	 "medium own-time: Hash Join takes 16.5 ms by itself, 24% of the statement\n"
	 "low own-time: Seq Scan on items i takes 13.7 ms by itself, 20% of the statement\n"
	 "low own-time: Seq Scan on orders o takes 8.9 ms by itself, 13% of the statement\n"
	 "low filter-waste: Seq Scan on customers c finds 20,000 rows and its filter throws 19,000 of "
	 "them away"},
};

static void plans_of_a_real_server_are_found_fault_with(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(REAL) / sizeof(REAL[0]); i++) {
		_cleanup_arena_ struct arena *arena = arena_open();
		const struct query_plan *plan = read_plan(arena, REAL[i].file);
		if (strcmp(verdict_of(arena, plan), REAL[i].verdict) != 0)
			fail_msg("%s: %s", REAL[i].file, verdict_of(arena, plan));
		if (strcmp(findings_of(arena, plan), REAL[i].findings) != 0)
			fail_msg("%s:\n%s", REAL[i].file, findings_of(arena, plan));
	}
}

/* A statement of 100 ms whose root has these members beside cost, rows and loops. */
#define ROOT(members, plans, beside)                                                                   \
	"[{\"Plan\": {\"Startup Cost\": 0, \"Total Cost\": 100, \"Plan Rows\": 1000, \"Plan Width\": 8, " \
	"\"Actual Startup Time\": 0, \"Actual Total Time\": 100, \"Actual Rows\": 1000, \"Actual Loops\": 1, " members  \
	plans "}, \"Planning Time\": 1, \"Triggers\": [], \"Execution Time\": 100" beside "}]"

static const struct {
	const char *plan, *findings;
} RARE[] = {
	{ROOT("\"Node Type\": \"Index Scan\", \"Relation Name\": \"t\", \"Alias\": \"t\", \"Index Name\": \"t_ab\", "
              "\"Index Cond\": \"(b = 1)\", \"Index Searches\": 4000", "", ""),
         "high index-searches: Index Scan using t_ab on t searches its index 4,000 times in 1 loop, from the "
         "root "
         "each time: values of a list, or of a leading column that the condition does not give"},
	{ROOT("\"Node Type\": \"Index Scan\", \"Relation Name\": \"t\", \"Alias\": \"t\", \"Index Name\": \"t_ab\", "
              "\"Index Cond\": \"(a = 1)\", \"Index Searches\": 1", "", ""),
         "high own-time: Index Scan using t_ab on t takes 100 ms by itself, 100% of the statement"},
	{ROOT("\"Node Type\": \"Memoize\", \"Cache Key\": \"t.a\", \"Cache Hits\": 100, \"Cache Misses\": 900, "
              "\"Cache Evictions\": 800, \"Cache Overflows\": 0, \"Peak Memory Usage\": 4096", "", ""),
         "high spill: Memoize throws 800 entries out of its memory and finds only 100 of 1,000 keys in it"},
	{ROOT("\"Node Type\": \"Memoize\", \"Cache Key\": \"t.a\", \"Cache Hits\": 900, \"Cache Misses\": 100, "
              "\"Cache Evictions\": 80, \"Cache Overflows\": 0, \"Peak Memory Usage\": 4096", "", ""),
         "high own-time: Memoize takes 100 ms by itself, 100% of the statement"},
	{"[{\"Plan\": {\"Node Type\": \"Result\", \"Startup Cost\": 0, \"Total Cost\": 1, \"Plan Rows\": 1, "
         "\"Plan Width\": 8, \"Actual Startup Time\": 0, \"Actual Total Time\": 0.01, \"Actual Rows\": 1, "
         "\"Actual Loops\": 1}, \"Planning Time\": 25, \"Triggers\": [], \"Execution Time\": 0.02}]",
         "medium planning-time: planning takes 25.0 ms, running 0.02 ms"},
	{"[{\"Plan\": {\"Node Type\": \"Result\", \"Startup Cost\": 0, \"Total Cost\": 1, \"Plan Rows\": 1, "
         "\"Plan Width\": 8, \"Actual Startup Time\": 0, \"Actual Total Time\": 50, \"Actual Rows\": 1, "
         "\"Actual Loops\": 1}, \"Planning Time\": 2, \"Triggers\": [], \"Execution Time\": 120}]",
         "high unattributed-time: 70.0 ms, 58% of the statement, passed outside the nodes: opening and closing "
         "relations, waiting for locks, sending rows\n"
         "medium own-time: Result takes 50.0 ms by itself, 42% of the statement"},
	{"[{\"Plan\": {\"Node Type\": \"ModifyTable\", \"Operation\": \"Insert\", \"Relation Name\": \"t\", "
         "\"Alias\": \"t\", \"Startup Cost\": 0, \"Total Cost\": 1, \"Plan Rows\": 0, "
         "\"Plan Width\": 0, \"Actual Startup Time\": 0, \"Actual Total Time\": 5, \"Actual Rows\": 0, "
         "\"Actual Loops\": 1}, \"Planning Time\": 2, \"Triggers\": [{\"Trigger Name\": \"audit\", "
         "\"Relation\": \"t\", \"Time\": 45, \"Calls\": 1000}, {\"Trigger Name\": \"RI_ConstraintTrigger_c_1\", "
         "\"Constraint Name\": \"t_fkey\", \"Relation\": \"t\", \"Time\": 20, \"Calls\": 1000}, "
         "{\"Trigger Name\": \"RI_ConstraintTrigger_a_2\", \"Constraint Name\": \"o'brien\\\\\", "
         "\"Relation\": \"t\", \"Time\": 30, \"Calls\": 10}], \"Execution Time\": 100}]",
         "medium trigger-time: the trigger audit on t takes 45.0 ms in 1,000 calls, 45% of the statement\n"
         "medium foreign-key-trigger: the foreign key o'brien\\ is checked 10 times in 30.0 ms, 30% of the "
         "statement: the table that references seems to have no index on the key's columns -> SELECT "
         "format('CREATE "
         "INDEX CONCURRENTLY ON %s (%s)', conrelid::regclass, (SELECT string_agg(quote_ident(attname), ', ' "
         "ORDER BY "
         "n) FROM unnest(conkey) WITH ORDINALITY AS k (attnum, n) JOIN pg_attribute USING (attnum) WHERE "
         "attrelid = "
         "conrelid)) FROM pg_constraint WHERE contype = 'f' AND conname = E'o''brien\\\\'\n"
         "medium trigger-time: the trigger t_fkey on t takes 20.0 ms in 1,000 calls, 20% of the statement"},
	/* work_mem that would be more than anybody gives is no advice */
	{ROOT("\"Node Type\": \"Sort\", \"Sort Key\": [\"a\"], \"Sort Method\": \"external merge\", "
              "\"Sort Space Used\": 2097152, \"Sort Space Type\": \"Disk\"", "", ""),
         "high sort-on-disk: Sort of 1,000 rows goes to disk (2.0 GiB): in memory it needs about 2.0 GiB of "
         "work_mem"},
	/* nor is one that it has already */
	{ROOT("\"Node Type\": \"Sort\", \"Sort Key\": [\"a\"], \"Sort Method\": \"external merge\", "
              "\"Sort Space Used\": 2048, \"Sort Space Type\": \"Disk\"", "",
              ", \"Settings\": {\"work_mem\": \"64MB\"}"),
         "high sort-on-disk: Sort of 1,000 rows goes to disk (2.0 MiB): in memory it needs about 2.1 MiB of "
         "work_mem "
         "-> SET work_mem = '128MB'"},
	/* catalogs get no indexes */
	{ROOT("\"Node Type\": \"Seq Scan\", \"Relation Name\": \"pg_class\", \"Alias\": \"c\", "
              "\"Filter\": \"(relkind = 'r'::\\\"char\\\")\", \"Rows Removed by Filter\": 99000", "", ""),
         "high selective-scan: Seq Scan on pg_class c reads 100,000 rows to keep 1,000, 100% of the statement"},
	/* what the filter needs is not known, so nothing is advised */
	{ROOT("\"Node Type\": \"Seq Scan\", \"Relation Name\": \"t\", \"Alias\": \"t\", "
              "\"Filter\": \"((a = 1) AND (name ~~ '%x%'::text))\", \"Rows Removed by Filter\": 99000", "", ""),
         "high selective-scan: Seq Scan on t reads 100,000 rows to keep 1,000, 100% of the statement"},
	/* names that try to be more than names */
	{ROOT("\"Node Type\": \"Seq Scan\", \"Relation Name\": \"t; DROP TABLE x\\u001b[2J\", \"Schema\": \"S\", "
              "\"Alias\": \"t\", \"Filter\": \"(t.\\\"A\\\" = 1)\", \"Rows Removed by Filter\": 99000", "", ""),
         "high selective-scan: Seq Scan on \"S\".\"t; DROP TABLE x\xE2\x90\x9B[2J\" t reads 100,000 rows to keep "
         "1,000, 100% of the statement -> CREATE INDEX CONCURRENTLY ON \"S\".\"t; DROP TABLE x\x1b[2J\" (\"A\")"},
};

static void rare_cases_are_found_too(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(RARE) / sizeof(RARE[0]); i++) {
		_cleanup_arena_ struct arena *arena = arena_open();
		const char *findings = findings_of(arena, read_text(arena, RARE[i].plan));
		if (strcmp(findings, RARE[i].findings) != 0)
			fail_msg("row %zu:\n%s", i, findings);
	}
}

static void an_index_is_advised_where_all_conditions_are_served(void **state)
{
	static const struct {
		const char *filter, *sql;
	} CASES[] = {
		{"(a = 1)", "CREATE INDEX CONCURRENTLY ON t (a)"},
		{"((b > 5) AND (a = 1))", "CREATE INDEX CONCURRENTLY ON t (a, b)"},
		{"((b > 5) AND (c < 6) AND (a = 1))", "CREATE INDEX CONCURRENTLY ON t (a, b)"},
		{"((a = 1) AND (b = 2) AND (c = 3) AND (d = 4))", "CREATE INDEX CONCURRENTLY ON t (a, b, c)"},
		{"((NOT done) AND (a = 1))", "CREATE INDEX CONCURRENTLY ON t (a, done)"},
		{"((b >= 5) AND (b <= 6))", "CREATE INDEX CONCURRENTLY ON t (b)"},
		{"(lower((name)::text) = 'x'::text)", "CREATE INDEX CONCURRENTLY ON t ((lower((name)::text)))"},
		{"((t.a = 1) AND (t.b = o.id))", "CREATE INDEX CONCURRENTLY ON t (a, b)"},
		{"((t.a = 1) AND (o.id = t.b))", "CREATE INDEX CONCURRENTLY ON t (a, b)"},
		{"(a = b)", NULL},
		{"((a = 1) OR (b = 2))", NULL},
		{"((a = 1) AND (b <> 2))", NULL},
		{"((a = 1) AND (doc @> '{}'::jsonb))", NULL},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
		_cleanup_arena_ struct arena *arena = arena_open();
		struct query_plan *plan = read_text(
			arena, ROOT("\"Node Type\": \"Seq Scan\", \"Relation Name\": \"t\", \"Alias\": \"t\", "
		                    "\"Rows Removed by Filter\": 99000", "", ""));
		plan->nodes.items[0].filter = CASES[i].filter;
		struct plan_finding_list findings;
		plan_findings_find(arena, plan, &findings);
		assert_int_equal(findings.count, 1);
		const char *sql = findings.items[0].sql;
		if (!sql != !CASES[i].sql || (sql && strcmp(sql, CASES[i].sql) != 0))
			fail_msg("%s: %s", CASES[i].filter, sql ? sql : "none");
	}
}

static void every_rule_has_a_name_and_a_meaning_of_its_own(void **state)
{
	size_t count = 0;
	(void)state;
	for (const struct plan_rule *rule; (rule = plan_rule_at(count)); count++) {
		assert_true(*rule->name && *rule->meaning);
		for (size_t i = 0; i < count; i++)
			assert_string_not_equal(plan_rule_at(i)->name, rule->name);
	}
	assert_true(count >= 20);
	assert_null(plan_rule_at(SIZE_MAX));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plans_of_a_real_server_are_found_fault_with),
		cmocka_unit_test(rare_cases_are_found_too),
		cmocka_unit_test(an_index_is_advised_where_all_conditions_are_served),
		cmocka_unit_test(every_rule_has_a_name_and_a_meaning_of_its_own),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
