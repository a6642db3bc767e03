/* What the tests of the plan cache share: a cache in a folder of its own, and plans to put into it. */
#ifndef TESTS_UNIT_CACHE_CACHE_H
#define TESTS_UNIT_CACHE_CACHE_H

#include "../sys/place.h"

#include <sqlite3.h>

#include "cache/plan_cache.h"

/* 2026-01-01 12:00 UTC */
#define NOON_MS INT64_C(1767268800000)

static const char QUERY[] = "SELECT * FROM orders WHERE customer = 'bob'";

static const char PRINTED[] =
	"[{\"Plan\":{\"Node Type\":\"Seq Scan\",\"Relation Name\":\"orders\",\"Plan Rows\":12,\"Total Cost\":100.5,"
	"\"Filter\":\"(customer = 'bob'::text)\"}}]";

struct fixture {
	struct place *place;
	const char *path;
	struct plan_cache *cache;
	struct json *printed;
	int64_t added; /* so that each plan has its own time */
	bool unprivileged, mounted;
};

static inline int fixture_open(void **state)
{
	static struct fixture fixture;
	void *place;
	if (place_open(&place) != 0)
		return -1;
	fixture = (struct fixture){.place = place};
	fixture.path = place_path(place, "plans.sqlite");
	if (json_parse(PRINTED, strlen(PRINTED), &fixture.printed, &fixture.place->err) != OK)
		return -1;
	*state = &fixture;
	return 0;
}

static inline int fixture_close(void **state)
{
	struct fixture *fixture = *state;
	void *place = fixture->place;
	plan_cache_close(fixture->cache);
	json_close(fixture->printed);
	return place_close(&place);
}

static inline void open_cache(struct fixture *fixture, const struct plan_cache_limits *limits)
{
	plan_cache_close(fixture->cache);
	fixture->cache = NULL;
	assert_ok(fixture->place, plan_cache_open(fixture->path, limits, &fixture->cache, &fixture->place->err));
}

/* A plan of QUERY on live. */
static inline struct cached_plan make_plan(struct fixture *fixture, const char *shape)
{
	return (struct cached_plan){
		.sql = QUERY,
		.system_identifier = "7300000000000000001",
		.database = "shop",
		.on = "live",
		.phase = "live",
		.shape = shape,
		.plan = fixture->printed,
		.taken_ms = NOON_MS + fixture->added++,
	};
}

static inline void add(struct fixture *fixture, const struct cached_plan *plan)
{
	assert_ok(fixture->place, plan_cache_add(fixture->cache, plan, &fixture->place->err));
}

/* A plan for each letter, which is its shape. */
static inline void add_shapes(struct fixture *fixture, const char *letters)
{
	for (; *letters; letters++) {
		struct cached_plan plan = make_plan(fixture, (const char[]){*letters, '\0'});
		add(fixture, &plan);
	}
}

static inline struct cached_plan_list history(struct fixture *fixture, const struct plan_filter *filter)
{
	struct cached_plan_list plans = {0};
	assert_ok(fixture->place, plan_cache_history(fixture->cache, fixture->place->arena, filter, SIZE_MAX, &plans,
	                                             &fixture->place->err));
	return plans;
}

/* The shapes of all plans that are kept, oldest first. */
static inline const char *shapes_kept(struct fixture *fixture)
{
	struct cached_plan_list plans = history(fixture, NULL);
	struct strbuf text = {0};
	for (size_t i = plans.count; i-- > 0;)
		strbuf_puts(&text, plans.items[i].shape);
	const char *kept = arena_strdup(fixture->place->arena, strbuf_text(&text));
	strbuf_clear(&text);
	return kept;
}

static inline struct cached_change_list changes(struct fixture *fixture, const struct plan_filter *filter)
{
	struct cached_change_list list = {0};
	assert_ok(fixture->place, plan_cache_changes(fixture->cache, fixture->place->arena, filter, SIZE_MAX, &list,
	                                             &fixture->place->err));
	return list;
}

/* Another connection to the file, not by our code. */
static inline sqlite3 *other_handle(const struct fixture *fixture)
{
	sqlite3 *handle;
	assert_int_equal(sqlite3_open(fixture->path, &handle), SQLITE_OK);
	return handle;
}

static inline void other_does(sqlite3 *handle, const char *sql)
{
	if (sqlite3_exec(handle, sql, NULL, NULL, NULL) != SQLITE_OK)
		fail_msg("%s: %s", sql, sqlite3_errmsg(handle));
}

#define CACHE_TEST(name) cmocka_unit_test_setup_teardown(name, fixture_open, fixture_close)

#endif
