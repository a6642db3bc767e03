#include "cache.h"

static void a_plan_is_read_as_it_was_remembered(void **state)
{
	struct fixture *fixture = *state;
	struct cached_plan plan = make_plan(fixture, "0123456789abcdef");
	plan.wall_ms = 1.5;
	plan.pages = 2417;
	plan.temp_pages = 3;
	plan.cost = 100.5;
	plan.p95_ms = 2.25;
	plan.run_id = "run-1";
	plan.canary = "orders by customer";
	plan.around = (struct plan_surroundings){"15.4", "{\"jit\":\"off\"}", "aaaa", "[]", 0};
	open_cache(fixture, NULL);
	add(fixture, &plan);
	open_cache(fixture, NULL);

	struct cached_plan_list plans = history(fixture, NULL);
	assert_int_equal(plans.count, 1);
	const struct cached_plan *read = &plans.items[0];
	struct query_print print;
	assert_true(query_fingerprint(QUERY, &print));
	assert_string_equal(read->query.hex, print.hex);
	assert_string_equal(read->sql, "SELECT * FROM orders WHERE customer = $1");
	assert_string_equal(read->system_identifier, "7300000000000000001");
	assert_string_equal(read->database, "shop");
	assert_string_equal(read->on, "live");
	assert_string_equal(read->phase, "live");
	assert_string_equal(read->shape, "0123456789abcdef");
	assert_true(read->wall_ms == 1.5 && read->pages == 2417 && read->temp_pages == 3 && read->cost == 100.5 &&
	            read->p95_ms == 2.25);
	assert_int_equal(read->taken_ms, NOON_MS);
	assert_string_equal(read->run_id, "run-1");
	assert_string_equal(read->canary, "orders by customer");
	assert_string_equal(read->around.server_version, "15.4");
	assert_string_equal(read->around.settings_json, "{\"jit\":\"off\"}");
	assert_string_equal(read->around.schema_digest, "aaaa");
	assert_string_equal(read->around.relations_json, "[]");
	assert_true(read->around.rows == 12);
}

static void the_document_comes_without_constants(void **state)
{
	struct fixture *fixture = *state;
	struct json *document = NULL;
	struct strbuf text = {0};
	open_cache(fixture, NULL);
	add_shapes(fixture, "a");
	int64_t id = history(fixture, NULL).items[0].id;
	assert_ok(fixture->place, plan_cache_document(fixture->cache, id, &document, &fixture->place->err));
	json_write(&text, document);
	assert_string_equal(strbuf_text(&text),
	                    "[{\"Plan\":{\"Node Type\":\"Seq Scan\",\"Relation Name\":\"orders\",\"Plan Rows\":12,"
	                    "\"Total Cost\":100.5,\"Filter\":\"(customer = ?::text)\"}}]");
	json_close(document);
	strbuf_clear(&text);
	document = NULL;
	assert_ok(fixture->place, plan_cache_document(fixture->cache, id + 1, &document, &fixture->place->err));
	assert_null(document);
}

/* Nowhere in the file's bytes. */
static void no_constant_is_in_the_file(void **state)
{
	struct fixture *fixture = *state;
	struct strbuf bytes = {0};
	open_cache(fixture, NULL);
	add_shapes(fixture, "ab");
	assert_ok(fixture->place, file_read(fixture->path, 1 << 20, &bytes, &fixture->place->err));
	assert_non_null(memmem(bytes.data, bytes.length, "orders", 6));
	assert_null(memmem(bytes.data, bytes.length, "bob", 3));
	strbuf_clear(&bytes);
}

static void a_document_that_is_too_big_is_left_out(void **state)
{
	struct fixture *fixture = *state;
	struct json *big = json_new_object(), *document = NULL;
	for (int i = 0; i < 100000; i++)
		json_set_text(big, arena_printf(fixture->place->arena, "a name of some forty letters, number %d", i), "");
	struct cached_plan plan = make_plan(fixture, "a");
	plan.plan = big;
	open_cache(fixture, NULL);
	add(fixture, &plan);
	json_close(big);
	int64_t id = history(fixture, NULL).items[0].id;
	assert_ok(fixture->place, plan_cache_document(fixture->cache, id, &document, &fixture->place->err));
	assert_null(document);
}

static void what_is_not_one_statement_is_not_remembered(void **state)
{
	struct fixture *fixture = *state;
	struct cached_plan plan = make_plan(fixture, "a");
	plan.sql = "SELECT 1; SELECT 2";
	open_cache(fixture, NULL);
	assert_fails(fixture->place, plan_cache_add(fixture->cache, &plan, &fixture->place->err), FAIL_USAGE,
	             "no plan is remembered for a text that is not one statement of at most 4 MiB");
	assert_int_equal(history(fixture, NULL).count, 0);
}

/* ---- changes ---- */

static void a_change_says_when_and_what_else_changed(void **state)
{
	struct fixture *fixture = *state;
	open_cache(fixture, NULL);
	add_shapes(fixture, "aa");
	struct cached_plan before = make_plan(fixture, "a"), after = make_plan(fixture, "b");
	before.around.server_version = "15.4";
	before.around.settings_json = "{}";
	after.around.server_version = "15.6";
	after.around.settings_json = "{\"work_mem\":\"64MB\"}";
	add(fixture, &before);
	add(fixture, &after);
	add_shapes(fixture, "bb");

	struct cached_change_list list = changes(fixture, NULL);
	assert_int_equal(list.count, 1);
	assert_int_equal(list.items[0].before.taken_ms, before.taken_ms);
	assert_int_equal(list.items[0].after.taken_ms, after.taken_ms);
	assert_string_equal(list.items[0].before.shape, "a");
	assert_string_equal(list.items[0].after.shape, "b");
	assert_int_equal(list.items[0].reasons.count, 2);
	assert_string_equal(list.items[0].reasons.items[0], "server version: 15.4 before, 15.6 now");
	assert_string_equal(list.items[0].reasons.items[1], "setting work_mem: as shipped before, 64MB now");
}

static void changes_come_newest_first_and_as_many_as_asked_for(void **state)
{
	struct fixture *fixture = *state;
	open_cache(fixture, NULL);
	add_shapes(fixture, "aabbca");
	struct cached_change_list list = changes(fixture, NULL);
	assert_int_equal(list.count, 3);
	assert_string_equal(list.items[0].after.shape, "a");
	assert_string_equal(list.items[0].before.shape, "c");
	assert_string_equal(list.items[2].after.shape, "b");
	assert_ok(fixture->place, plan_cache_changes(fixture->cache, fixture->place->arena, NULL, 1, &list,
	                                             &fixture->place->err));
	assert_int_equal(list.count, 1);
	assert_string_equal(list.items[0].after.shape, "a");
}

/* In another database, place or phase it is not the same plan that changed; and a what-if is no change at all. */
static void only_plans_of_one_series_are_compared(void **state)
{
	struct fixture *fixture = *state;
	open_cache(fixture, NULL);
	add_shapes(fixture, "a");
	struct cached_plan plan = make_plan(fixture, "b");
	plan.database = "other";
	add(fixture, &plan);
	plan = make_plan(fixture, "c");
	plan.phase = "before";
	add(fixture, &plan);
	plan = make_plan(fixture, "d");
	plan.on = "copy";
	add(fixture, &plan);
	plan = make_plan(fixture, "e");
	plan.sql = "SELECT 1 FROM other";
	add(fixture, &plan);
	for (int i = 0; i < 2; i++) {
		plan = make_plan(fixture, i ? "f" : "g");
		plan.phase = "what-if";
		add(fixture, &plan);
	}
	assert_int_equal(changes(fixture, NULL).count, 0);
	add_shapes(fixture, "z");
	assert_int_equal(changes(fixture, NULL).count, 1);
}

static void a_filter_chooses_by_each_of_its_parts(void **state)
{
	struct fixture *fixture = *state;
	struct query_print other;
	open_cache(fixture, NULL);
	add_shapes(fixture, "ab");
	struct cached_plan plan = make_plan(fixture, "c");
	plan.sql = "SELECT 2 FROM other";
	plan.phase = "before";
	plan.on = "copy";
	plan.database = "db2";
	plan.system_identifier = "1";
	add(fixture, &plan);
	assert_true(query_fingerprint(plan.sql, &other));
	const struct plan_filter filters[] = {{.fingerprint = other.hex}, {.phase = "before"}, {.on = "copy"},
	                                      {.database = "db2"},        {.system_identifier = "1"}};
	for (size_t i = 0; i < sizeof(filters) / sizeof(filters[0]); i++) {
		struct cached_plan_list plans = history(fixture, &filters[i]);
		assert_int_equal(plans.count, 1);
		assert_string_equal(plans.items[0].shape, "c");
		assert_int_equal(changes(fixture, &filters[i]).count, 0);
	}
	assert_int_equal(changes(fixture, &(struct plan_filter){.database = "shop"}).count, 1);
	assert_int_equal(history(fixture, &(struct plan_filter){.database = "none"}).count, 0);
}

static void the_newest_of_each_series_come_newest_first(void **state)
{
	struct fixture *fixture = *state;
	struct cached_plan_list plans;
	open_cache(fixture, NULL);
	add_shapes(fixture, "ab");
	struct cached_plan plan = make_plan(fixture, "c");
	plan.sql = "SELECT 2 FROM other";
	add(fixture, &plan);
	add_shapes(fixture, "d");
	assert_ok(fixture->place, plan_cache_newest(fixture->cache, fixture->place->arena, NULL, 10, &plans,
	                                            &fixture->place->err));
	assert_int_equal(plans.count, 2);
	assert_string_equal(plans.items[0].shape, "d");
	assert_string_equal(plans.items[1].shape, "c");
}

/* ---- how much is kept ---- */

static void of_one_shape_the_newest_are_kept(void **state)
{
	struct fixture *fixture = *state;
	open_cache(fixture, &(struct plan_cache_limits){.newest = 3});
	add_shapes(fixture, "aaaaaaaaaa");
	struct cached_plan_list plans = history(fixture, NULL);
	assert_int_equal(plans.count, 3);
	assert_int_equal(plans.items[0].taken_ms, NOON_MS + 9);
	assert_int_equal(plans.items[2].taken_ms, NOON_MS + 7);
}

static void of_older_ones_the_ends_of_each_shape_are_kept(void **state)
{
	struct fixture *fixture = *state;
	open_cache(fixture, &(struct plan_cache_limits){.newest = 2});
	add_shapes(fixture, "aaaabbbbbcdddddd");
	assert_string_equal(shapes_kept(fixture), "abbcddd");
	struct cached_change_list list = changes(fixture, NULL);
	assert_int_equal(list.count, 3);
	assert_int_equal(list.items[2].before.taken_ms, NOON_MS + 3);
	assert_int_equal(list.items[2].after.taken_ms, NOON_MS + 4);
	assert_int_equal(list.items[1].before.taken_ms, NOON_MS + 8);
}

static void a_plan_that_changes_every_time_is_bounded_too(void **state)
{
	struct fixture *fixture = *state;
	open_cache(fixture, &(struct plan_cache_limits){.newest = 2, .in_series = 5});
	add_shapes(fixture, "abababababab");
	assert_string_equal(shapes_kept(fixture), "babab");
}

static void over_the_ceiling_the_oldest_of_all_go(void **state)
{
	struct fixture *fixture = *state;
	const int64_t ceiling = 512 * 1024;
	enum { PLANS = 400 };
	open_cache(fixture, &(struct plan_cache_limits){.size_bytes = ceiling});
	for (int i = 0; i < PLANS; i++) {
		struct json *big = json_new_object();
		for (int key = 0; key < 40; key++)
			json_set_text(big, arena_printf(fixture->place->arena, "some key number %d", key), "with some words");
		struct cached_plan plan = make_plan(fixture, "a");
		plan.sql = arena_printf(fixture->place->arena, "SELECT c%d FROM t", i);
		plan.plan = big;
		add(fixture, &plan);
		json_close(big);
		/* A transaction may grow the file before it frees pages in it. */
		assert_true(file_size(fixture->path) < ceiling + 64 * 1024);
	}
	struct cached_plan_list plans = history(fixture, NULL);
	assert_true(plans.count > 100 && plans.count < PLANS);
	for (size_t i = 0; i < plans.count; i++)
		assert_int_equal(plans.items[i].taken_ms, NOON_MS + PLANS - 1 - (int64_t)i);
	struct cached_plan_list newest;
	assert_ok(fixture->place, plan_cache_newest(fixture->cache, fixture->place->arena, NULL, SIZE_MAX, &newest,
	                                            &fixture->place->err));
	assert_int_equal(newest.count, plans.count);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CACHE_TEST(a_plan_is_read_as_it_was_remembered),
		CACHE_TEST(the_document_comes_without_constants),
		CACHE_TEST(no_constant_is_in_the_file),
		CACHE_TEST(a_document_that_is_too_big_is_left_out),
		CACHE_TEST(what_is_not_one_statement_is_not_remembered),
		CACHE_TEST(a_change_says_when_and_what_else_changed),
		CACHE_TEST(changes_come_newest_first_and_as_many_as_asked_for),
		CACHE_TEST(only_plans_of_one_series_are_compared),
		CACHE_TEST(a_filter_chooses_by_each_of_its_parts),
		CACHE_TEST(the_newest_of_each_series_come_newest_first),
		CACHE_TEST(of_one_shape_the_newest_are_kept),
		CACHE_TEST(of_older_ones_the_ends_of_each_shape_are_kept),
		CACHE_TEST(a_plan_that_changes_every_time_is_bounded_too),
		CACHE_TEST(over_the_ceiling_the_oldest_of_all_go),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
