/*
 * What a plan cache with 100,000 plans takes to answer and to add to: fills FILE, then prints milliseconds on one line,
 * median and longest of each: history of one query, its changes, the newest plans of all, the newest changes of all,
 * one more plan. Usage: plan_cache FILE fill | plan_cache FILE ask
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cache/plan_cache.h"
#include "sys/clock.h"

enum { QUERIES = 2000, PLANS = 50, ASKED = 201 };

/* No trimming: what is measured is the full cache. */
static const struct plan_cache_limits LIMITS = {.newest = 1000, .in_series = 1000, .size_bytes = INT64_C(1) << 40};

struct bench {
	struct plan_cache *cache;
	struct arena *arena; /* of one question */
	struct json *printed;
	struct error err;
};

static int check(struct bench *bench, enum status status)
{
	if (status != OK) {
		fprintf(stderr, "%s\n", bench->err.message);
		exit(1);
	}
	return 0;
}

/* A join of three with what EXPLAIN prints of it: about 2 kB. */
static struct json *make_printed(void)
{
	struct json *array = json_new_array(), *object = json_new_object(), *node = NULL;
	for (int depth = 0; depth < 5; depth++) {
		struct json *outer = json_new_object(), *plans = json_new_array();
		json_set_text(outer, "Node Type", depth ? "Nested Loop" : "Index Scan");
		json_set_text(outer, "Relation Name", "document_sources");
		json_set_text(outer, "Index Name", "document_sources_by_customer_and_day");
		json_set_text(outer, "Index Cond", "((customer_id = 4711) AND (day >= '2026-01-01'::date))");
		json_set_text(outer, "Filter", "((state)::text = ANY ('{open,held}'::text[]))");
		json_set(outer, "Total Cost", json_new_real("1234.56"));
		json_set_int(outer, "Plan Rows", 120);
		json_set(outer, "Actual Total Time", json_new_real("0.123"));
		json_set_int(outer, "Shared Hit Blocks", 1204);
		if (node)
			json_push(plans, node);
		json_set(outer, "Plans", plans);
		node = outer;
	}
	json_set(object, "Plan", node);
	json_push(array, object);
	return array;
}

static struct cached_plan make_plan(struct bench *bench, int query, int number)
{
	return (struct cached_plan){
		.sql = arena_printf(bench->arena, "SELECT c%d FROM document_sources WHERE customer_id = 4711", query),
		.system_identifier = "7300000000000000001",
		.database = "shop",
		.on = "live",
		.phase = "live",
		/* Every tenth is another one. */
		.shape = number / 10 % 2 ? "0123456789abcdef" : "fedcba9876543210",
		.plan = bench->printed,
		.wall_ms = 1.5,
		.taken_ms = 1 + number,
		.around = {
			.server_version = "15.4",
			.settings_json = "{\"work_mem\":\"64MB\"}",
			.schema_digest = "aaaa",
			.relations_json = "[{\"name\":\"public.document_sources\",\"rows\":1000,\"pages\":10}]",
		},
	};
}

static void fill(struct bench *bench)
{
	for (int number = 0; number < PLANS; number++)
		for (int query = 0; query < QUERIES; query++) {
			bench->arena = arena_open();
			struct cached_plan plan = make_plan(bench, query, number);
			check(bench, plan_cache_add(bench->cache, &plan, &bench->err));
			arena_close(bench->arena);
		}
}

/* ---- questions ---- */

static void ask_history(struct bench *bench, const struct plan_filter *one)
{
	struct cached_plan_list plans;
	check(bench, plan_cache_history(bench->cache, bench->arena, one, 100, &plans, &bench->err));
	assert(plans.count >= PLANS);
}

static void ask_changes(struct bench *bench, const struct plan_filter *one)
{
	struct cached_change_list changes;
	check(bench, plan_cache_changes(bench->cache, bench->arena, one, 100, &changes, &bench->err));
	assert(changes.count >= PLANS / 10 - 1);
}

static void ask_newest(struct bench *bench, const struct plan_filter *one)
{
	struct cached_plan_list plans;
	(void)one;
	check(bench, plan_cache_newest(bench->cache, bench->arena, NULL, 100, &plans, &bench->err));
	assert(plans.count == 100);
}

static void ask_all_changes(struct bench *bench, const struct plan_filter *one)
{
	struct cached_change_list changes;
	(void)one;
	check(bench, plan_cache_changes(bench->cache, bench->arena, NULL, 100, &changes, &bench->err));
	assert(changes.count == 100);
}

static void add_one(struct bench *bench, const struct plan_filter *one)
{
	struct cached_plan plan = make_plan(bench, one->fingerprint[0] % 10, PLANS);
	check(bench, plan_cache_add(bench->cache, &plan, &bench->err));
}

static int compare(const void *left, const void *right)
{
	int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;
	return (a > b) - (a < b);
}

/* Of another query each time, with a cache that was just opened: as a command finds it. */
static void measure(struct bench *bench, const char *path, void (*ask)(struct bench *, const struct plan_filter *))
{
	int64_t took_us[ASKED];
	for (int i = 0; i < ASKED; i++) {
		bench->arena = arena_open();
		struct cached_plan plan = make_plan(bench, i * 37 % QUERIES, 0);
		struct query_print print;
		if (!query_fingerprint(plan.sql, &print))
			exit(1);
		int64_t start_us = clock_us();
		check(bench, plan_cache_open(path, &LIMITS, &bench->cache, &bench->err));
		ask(bench, &(struct plan_filter){.fingerprint = print.hex, .database = "shop"});
		took_us[i] = clock_us() - start_us;
		plan_cache_close(bench->cache);
		arena_close(bench->arena);
	}
	qsort(took_us, ASKED, sizeof(*took_us), compare);
	printf("%.3f %.3f ", (double)took_us[ASKED / 2] / 1000, (double)took_us[ASKED - 1] / 1000);
}

int main(int count, char **words)
{
	struct bench bench = {.printed = make_printed()};
	if (count != 3)
		return 2;
	if (strcmp(words[2], "fill") == 0) {
		check(&bench, plan_cache_open(words[1], &LIMITS, &bench.cache, &bench.err));
		fill(&bench);
		plan_cache_close(bench.cache);
	} else {
		measure(&bench, words[1], ask_history);
		measure(&bench, words[1], ask_changes);
		measure(&bench, words[1], ask_newest);
		measure(&bench, words[1], ask_all_changes);
		measure(&bench, words[1], add_one);
		putchar('\n');
	}
	json_close(bench.printed);
	return 0;
}
