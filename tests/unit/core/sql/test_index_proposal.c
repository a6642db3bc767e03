#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "core/sql/index_proposal.h"

static struct arena *arena;

static int setup(void **state)
{
	(void)state;
	arena = arena_open();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	arena_close(arena);
	return 0;
}

static struct index_proposal read_one(const char *text)
{
	_cleanup_error_ struct error err = {0};
	struct index_proposal proposal = {0};
	if (index_proposal_read(arena, text, &proposal, &err) != OK)
		fail_msg("%s: %s", text, err.message);
	return proposal;
}

static void a_proposal_is_tried_without_a_name_and_built_with_one(void **state)
{
	(void)state;
	struct index_proposal proposal = read_one("create index on public.orders (customer_id, day desc) where open;");
	assert_string_equal(proposal.table, "public.orders");
	assert_string_equal(proposal.name, "orders_customer_id_day_idx");
	assert_string_equal(proposal.trial, "CREATE INDEX on public.orders (customer_id, day desc) where open");
	assert_string_equal(proposal.create, "CREATE INDEX CONCURRENTLY IF NOT EXISTS orders_customer_id_day_idx "
	                                     "on public.orders (customer_id, day desc) where open");
	assert_string_equal(proposal.drop, "DROP INDEX CONCURRENTLY IF EXISTS public.orders_customer_id_day_idx");
}

static void what_is_given_stays(void **state)
{
	(void)state;
	struct index_proposal proposal =
		read_one("CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS \"On day\" /* x */ ON \"Orders\" USING btree (day)");
	assert_string_equal(proposal.name, "On day");
	assert_string_equal(proposal.table, "\"Orders\"");
	assert_string_equal(proposal.trial, "CREATE UNIQUE INDEX ON \"Orders\" USING btree (day)");
	assert_string_equal(proposal.create, "CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS \"On day\" "
	                                     "ON \"Orders\" USING btree (day)");
	assert_string_equal(proposal.drop, "DROP INDEX CONCURRENTLY IF EXISTS \"On day\"");
}

static void a_name_is_made_of_table_and_columns(void **state)
{
	(void)state;
	assert_string_equal(read_one("CREATE INDEX ON t (lower(name), (a + b))").name, "t_lower_expr_idx");
	struct index_proposal proposal =
		read_one("CREATE INDEX ON a_table_with_a_name_of_more_than_forty_letters_or_so_it_is (a_column)");
	assert_int_equal(strlen(proposal.name), 63);
	assert_string_equal(proposal.name, "a_table_with_a_name_of_more_than_forty_letters_or_so_it_is__idx");
}

static void expect_refused(const char *text, const char *message)
{
	_cleanup_error_ struct error err = {0};
	struct index_proposal proposal;
	assert_int_equal(index_proposal_read(arena, text, &proposal, &err), FAIL_USAGE);
	assert_string_equal(err.message, message);
	assert_string_equal(err.hint, "Write it as in CREATE INDEX ON orders (customer_id).");
}

static void anything_else_is_refused(void **state)
{
	(void)state;
	expect_refused("", "this is not one CREATE INDEX: it is empty");
	expect_refused("CREATE INDEX ON t (a); DROP TABLE t", "this is not one CREATE INDEX: there is a second statement");
	expect_refused("DROP INDEX t", "this is not one CREATE INDEX: it is another statement");
	expect_refused("CREATE INDEX ON t (", "this is not one CREATE INDEX: syntax error at end of input");
	expect_refused("CREATE INDEX ON t ('a", "this is not one CREATE INDEX: unterminated quoted string");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_proposal_is_tried_without_a_name_and_built_with_one),
		cmocka_unit_test(what_is_given_stays),
		cmocka_unit_test(a_name_is_made_of_table_and_columns),
		cmocka_unit_test(anything_else_is_refused),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
