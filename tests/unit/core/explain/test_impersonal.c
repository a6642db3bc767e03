#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "core/explain/impersonal.h"

static void expect(const char *expression, const char *impersonal)
{
	_cleanup_strbuf_ struct strbuf out = {0};
	expression_impersonal(&out, expression);
	assert_string_equal(strbuf_text(&out), impersonal);
}

static void constants_of_all_kinds_are_hidden(void **state)
{
	(void)state;
	expect("(id = 42)", "(id = ?)");
	expect("((email)::text = 'bob''s@x'::text)", "((email)::text = ?::text)");
	expect("(kind = ANY ('{1,2}'::integer[]))", "(kind = ANY (?::integer[]))");
	expect("(flags = B'101'::\"bit\")", "(flags = ?::\"bit\")");
	expect("(price > 1.5e3)", "(price > ?)");
	expect("(note ~~ E'a\\'b%')", "(note ~~ ?)");
	expect("generate_series(1, 10)", "generate_series(?, ?)");
	expect("SELECT x FROM r WHERE ((x = 'remote'))", "SELECT x FROM r WHERE ((x = ?))");
}

static void what_names_something_stays(void **state)
{
	(void)state;
	expect("(NOT (hashed SubPlan 1))", "(NOT (hashed SubPlan 1))");
	expect("(a > (InitPlan 12).col1)", "(a > (InitPlan 12).col1)");
	expect("(a = $1) AND (b = $0)", "(a = $1) AND (b = $0)");
	expect("\"it's\".\"no 5\", t2.c3 DESC", "\"it's\".\"no 5\", t2.c3 DESC");
}

static void a_constant_that_does_not_end_is_hidden_to_the_end(void **state)
{
	(void)state;
	expect("(a = 'open", "(a = ?");
	expect("", "");
}

/* Values that are printed are held against what psql printed for such a query; Note is a member that nobody knows. */
static void a_document_keeps_names_figures_and_settings(void **state)
{
	(void)state;
	static const char PRINTED[] =
		"[{\"Query Text\": \"SELECT * FROM t WHERE a = 'bob' -- for bob\", \"Plan\": {\"Node Type\": \"Seq Scan\","
		" \"Relation Name\": \"it's 1\", \"Alias\": \"t1 2\", \"Plan Rows\": 10.00, \"Filter\": \"(a = 'bob'::text)\","
		" \"Output\": [\"a\", \"7\"], \"Note\": \"bob is 'bob'\", \"Plans\": [{\"Node Type\": \"Result\","
		" \"Subplan Name\": \"InitPlan 1\", \"One-Time Filter\": \"(5 > $0)\"}]},"
		" \"Settings\": {\"work_mem\": \"64MB\", \"search_path\": \"'x', 5\"}, \"Execution Time\": 0.123}]";
	_cleanup_error_ struct error err = {0};
	_cleanup_json_ struct json *printed = NULL, *impersonal = NULL;
	_cleanup_strbuf_ struct strbuf text = {0};
	assert_int_equal(json_parse(PRINTED, strlen(PRINTED), &printed, &err), OK);
	impersonal = query_plan_impersonal(printed);
	json_write(&text, impersonal);
	assert_string_equal(strbuf_text(&text),
		"[{\"Query Text\":\"SELECT * FROM t WHERE a = $1\",\"Plan\":{\"Node Type\":\"Seq Scan\","
		"\"Relation Name\":\"it's 1\",\"Alias\":\"t1 2\",\"Plan Rows\":10.0,\"Filter\":\"(a = ?::text)\","
		"\"Output\":[\"a\",\"?\"],\"Note\":\"bob is ?\",\"Plans\":[{\"Node Type\":\"Result\","
		"\"Subplan Name\":\"InitPlan 1\",\"One-Time Filter\":\"(? > $0)\"}]},"
		"\"Settings\":{\"work_mem\":\"64MB\",\"search_path\":\"'x', 5\"},\"Execution Time\":0.123}]");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(constants_of_all_kinds_are_hidden),
		cmocka_unit_test(what_names_something_stays),
		cmocka_unit_test(a_constant_that_does_not_end_is_hidden_to_the_end),
		cmocka_unit_test(a_document_keeps_names_figures_and_settings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
