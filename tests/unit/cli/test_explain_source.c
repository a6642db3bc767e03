#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <string.h>

#include <cmocka.h>

#include "cli/explain_source.h"

/* What a text is taken for: a person pastes either, and says nothing about it. */
static void a_plan_and_a_query_are_told_apart_by_what_they_say(void **state)
{
	static const struct {
		const char *text;
		bool plan;
	} CASES[] = {
		{"SELECT 1", false},
		{"  \n-- why\nselect * from t where a = 1;\n", false},
		{"WITH x AS (SELECT 1) TABLE x", false},
		{"(SELECT 1) UNION (SELECT 2)", false},
		{"VALUES (1)", false},
		{"INSERT INTO t VALUES (1)", false},
		{"UPDATE t SET a = 1", false},
		{"DELETE FROM t", false},
		{"MERGE INTO a USING b ON a.i = b.i WHEN MATCHED THEN DELETE", false},
		{"SELECT 1; COMMIT; DROP TABLE t", false}, /* refused later, by its own words */
		{"SELECT * FROM t WHERE SOMETHING NEWER THAN THE PARSER", false},
		{"Seq Scan on t  (cost=0.00..1.00 rows=1 width=4)", true},
		{"Insert on t  (cost=0.00..0.01 rows=0 width=0)\n  ->  Result  (cost=0.00..0.01 rows=1 width=4)", true},
		{"Update on t  (cost=0.00..1.00 rows=0 width=0)\n  ->  Seq Scan on t  (cost=0.00..1.00 rows=1 width=10)",
	         true},
		{"Values Scan on \"*VALUES*\"  (cost=0.00..0.03 rows=2 width=4)", true},
		{"Merge Join  (cost=0.00..0.03 rows=2 width=4)", true},
		{"                QUERY PLAN                \n------------------------------------------\n"
	         " Result  (cost=0.00..0.01 rows=1 width=4)\n(1 row)\n",
	         true},
		{"[{\"Plan\":{\"Node Type\":\"Result\",\"Total Cost\":0.01}}]", true},
		{" {\"Plan\":{\"Node Type\":\"Result\",\"Total Cost\":0.01}}", true},
		{"LOG:  duration: 8.1 ms  plan:\n\tQuery Text: SELECT 1\n\tResult  (cost=0.00..0.01 rows=1 width=4)", true},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
		_cleanup_arena_ struct arena *arena = arena_open();
		_cleanup_error_ struct error err = {0};
		struct explain_source source;
		if (explain_source_judge(arena, CASES[i].text, &source, &err) != OK)
			fail_msg("%s: %s", CASES[i].text, err.message);
		if ((source.plan != NULL) != CASES[i].plan)
			fail_msg("%s is taken for a %s", CASES[i].text, source.plan ? "plan" : "query");
		assert_string_equal(source.text, CASES[i].text);
	}
}

static void what_is_neither_is_refused(void **state)
{
	static const struct {
		const char *text, *message;
	} CASES[] = {
		{"", "there is no query plan in this text"},
		{"the quick brown fox", "there is no query plan in this text"},
		{"{\"a\":1}", "this JSON is no query plan"},
		{"EXPLAIN SELECT 1", "the query begins with EXPLAIN"},
		{"explain (analyze) select 1", "the query begins with EXPLAIN"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
		_cleanup_arena_ struct arena *arena = arena_open();
		_cleanup_error_ struct error err = {0};
		struct explain_source source;
		assert_int_equal(explain_source_judge(arena, CASES[i].text, &source, &err), FAIL_USAGE);
		assert_string_equal(err.message, CASES[i].message);
		assert_non_null(err.hint);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_plan_and_a_query_are_told_apart_by_what_they_say),
		cmocka_unit_test(what_is_neither_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
