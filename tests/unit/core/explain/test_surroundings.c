#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "core/explain/compare/surroundings.h"

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

#define ORDERS(rows, pages, indexes) \
	"[{\"name\":\"public.orders\",\"rows\":" rows ",\"pages\":" pages ",\"indexes\":[" indexes "]}]"
#define BY_CUSTOMER "\"CREATE INDEX by_customer ON public.orders USING btree (customer_id)\""

static void expect(const struct plan_surroundings *before, const struct plan_surroundings *after, size_t count,
                   const char *const *sentences)
{
	struct text_list said = {0};
	surroundings_compare(arena, before, after, &said);
	for (size_t i = 0; i < said.count && i < count; i++)
		assert_string_equal(said.items[i], sentences[i]);
	assert_int_equal(said.count, count);
}

#define EXPECT(before, after, ...) \
	expect(&(before), &(after), sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *), \
	       (const char *const[]){__VA_ARGS__})

static const struct plan_surroundings BEFORE = {
	.server_version = "15.4",
	.settings_json = "{\"work_mem\":\"4MB\",\"random_page_cost\":\"1.1\"}",
	.schema_digest = "aaaaaaaaaaaaaaaaaaaa",
	.relations_json = ORDERS("1000", "10", BY_CUSTOMER),
	.rows = 10,
};

static void everything_that_differs_is_said_the_nearest_cause_first(void **state)
{
	(void)state;
	const struct plan_surroundings after = {
		.server_version = "15.6",
		.settings_json = "{\"work_mem\":\"64MB\",\"jit\":\"off\"}",
		.schema_digest = "bbbbbbbbbbbbbbbbbbbb",
		.relations_json = ORDERS("2500000", "20000", "\"CREATE INDEX by_day ON public.orders USING btree (day)\""),
		.rows = 25000,
	};
	EXPECT(BEFORE, after,
	       "index gone: CREATE INDEX by_customer ON public.orders USING btree (customer_id)",
	       "index new: CREATE INDEX by_day ON public.orders USING btree (day)",
	       "server version: 15.4 before, 15.6 now",
	       "setting work_mem: 4MB before, 64MB now",
	       "setting random_page_cost: 1.1 before, as shipped now",
	       "setting jit: as shipped before, off now",
	       "statistics of public.orders: 1,000 rows before, 2,500,000 now",
	       "statistics of public.orders: 10 pages before, 20,000 now",
	       "rows expected of the query: 10 before, 25,000 now",
	       "schema: digest aaaaaaaaaaaa before, bbbbbbbbbbbb now");
}

static void nothing_is_said_where_nothing_differs_enough(void **state)
{
	(void)state;
	struct plan_surroundings after = BEFORE;
	after.relations_json = ORDERS("1090", "10", BY_CUSTOMER);
	after.rows = 19;
	expect(&BEFORE, &after, 0, NULL);
}

static void a_tenth_more_rows_and_twice_the_estimate_are_said(void **state)
{
	(void)state;
	struct plan_surroundings after = BEFORE;
	after.relations_json = ORDERS("1100", "10", BY_CUSTOMER);
	after.rows = 20;
	EXPECT(BEFORE, after, "statistics of public.orders: 1,000 rows before, 1,100 now",
	       "rows expected of the query: 10 before, 20 now");
}

static void what_is_not_known_on_one_side_is_not_said(void **state)
{
	(void)state;
	const struct plan_surroundings unknown = {0}, broken = {.settings_json = "{", .relations_json = "[1,{}]"};
	expect(&BEFORE, &unknown, 0, NULL);
	expect(&unknown, &BEFORE, 0, NULL);
	expect(&broken, &BEFORE, 0, NULL);
	expect(&BEFORE, &broken, 0, NULL);
}

static void a_relation_of_one_plan_alone_is_no_change(void **state)
{
	(void)state;
	struct plan_surroundings after = BEFORE;
	after.relations_json = "[{\"name\":\"public.other\",\"rows\":5,\"pages\":1,\"indexes\":[]}]";
	expect(&BEFORE, &after, 0, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(everything_that_differs_is_said_the_nearest_cause_first),
		cmocka_unit_test(nothing_is_said_where_nothing_differs_enough),
		cmocka_unit_test(a_tenth_more_rows_and_twice_the_estimate_are_said),
		cmocka_unit_test(what_is_not_known_on_one_side_is_not_said),
		cmocka_unit_test(a_relation_of_one_plan_alone_is_no_change),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
