#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/health/alarm.h"
#include "pg/samplers/samplers.h"
#include "sys/clock.h"

static void every_sampler_asks_every_supported_server(void **state)
{
	size_t count;
	const struct sampler *const *list = samplers_list(&count);
	(void)state;
	for (size_t i = 0; i < count; i++) {
		for (int major = 13; major <= 19; major++)
			if (!list[i]->of_pooler && !sampler_query(list[i], major * 10000))
				fail_msg("%s has nothing to ask PostgreSQL %d", list[i]->name, major);
		assert_ptr_equal(sampler_find(list[i]->name), list[i]);
		assert_in_range(list[i]->timeout_ms, 1, 2000);
		assert_true(list[i]->timeout_ms < list[i]->interval_ms);
	}
}

static void a_newer_server_is_asked_in_its_own_words(void **state)
{
	(void)state;
	assert_non_null(strstr(sampler_query(&sampler_checkpoints, 160004), "checkpoints_req"));
	assert_non_null(strstr(sampler_query(&sampler_checkpoints, 170000), "pg_stat_checkpointer"));
	assert_null(strstr(sampler_query(&sampler_checkpoints, 170000), "num_done"));
	assert_non_null(strstr(sampler_query(&sampler_checkpoints, 180000), "num_done"));
	assert_null(strstr(sampler_query(&sampler_progress, 130012), "pg_stat_progress_copy"));
	assert_non_null(strstr(sampler_query(&sampler_progress, 170000), "indexes_processed"));
	assert_non_null(strstr(sampler_query(&sampler_locks, 140000), "waitstart,"));
}

static void every_check_looks_at_a_sampler(void **state)
{
	(void)state;
	for (enum alarm alarm = 0; alarm < ALARM_COUNT; alarm++)
		if (!sampler_find(alarm_get(alarm)->sampler))
			fail_msg("%s: there is no sampler %s", alarm_get(alarm)->name, alarm_get(alarm)->sampler);
}

static void growth_is_unknown_at_first_and_after_a_reset(void **state)
{
	_cleanup_json_ struct json *before = json_new_object(), *now = json_new_object(), *after = json_new_object();
	struct sampling first = {.counters = before}, second = {.before = before, .counters = now, .interval_ms = 2000};
	struct sampling third = {.before = now, .counters = after, .interval_ms = 2000};
	_cleanup_strbuf_ struct strbuf text = {0};
	(void)state;
	assert_int_equal(sample_grown(&first, "commits", 100), -1);
	assert_int_equal(sample_grown(&second, "commits", 107), 7);
	assert_int_equal(sample_grown(&third, "commits", 3), -1);

	_cleanup_json_ struct json *values = json_new_object();
	sample_set_rate(&second, values, "known", 7);
	sample_set_rate(&third, values, "unknown", -1);
	sample_set_share(values, "empty", 0, 0, 100);
	json_write(&text, values);
	assert_string_equal(strbuf_text(&text), "{\"known\":3.5,\"unknown\":null,\"empty\":null}");
}

static void sessions_of_ours_are_known_by_their_name(void **state)
{
	(void)state;
	assert_true(sample_is_ours("pgsluice"));
	assert_true(sample_is_ours("pgsluice/0000/apply"));
	assert_false(sample_is_ours("pgsluices"));
	assert_false(sample_is_ours(NULL));
}

struct listener {
	size_t taken, unseen;
	bool of_locks;
	char reason[200];
};

static void on_taken(void *context, const struct sampler *sampler, const struct json *values)
{
	struct listener *listener = context;
	(void)sampler, (void)values;
	listener->taken++;
}

static void on_unseen(void *context, const struct sampler *sampler, const char *reason)
{
	struct listener *listener = context;
	listener->unseen++;
	listener->of_locks |= strcmp(sampler->name, "locks") == 0;
	snprintf(listener->reason, sizeof(listener->reason), "%s", reason);
}

static bool has_heard(void *context)
{
	const struct listener *listener = context;
	return listener->unseen > 0;
}

static void without_a_connection_every_sampler_is_told_to_be_unseen(void **state)
{
	const char *wanted[] = {"locks", "wal"};
	_cleanup_loop_ struct loop *loop = NULL;
	_cleanup_samplers_ struct samplers *samplers = NULL;
	_cleanup_error_ struct error err = {0};
	struct listener listener = {0};
	const struct text_list names = {.items = wanted, .count = 2};
	const struct samplers_options options = {
		.conninfo = "host=/nowhere/at/all dbname=x user=x",
		.role_word = "samples",
		.names = &names,
		.taken = on_taken,
		.unseen = on_unseen,
		.context = &listener,
	};
	(void)state;
	assert_int_equal(loop_open(&loop, &err), OK);
	if (samplers_open(loop, &options, &samplers, &err) != OK)
		fail_msg("%s", err.message);
	assert_int_equal(loop_until(loop, has_heard, &listener, clock_ms() + 10000), LOOP_READY);
	assert_int_equal(listener.unseen % 2, 0);
	assert_true(listener.of_locks);
	assert_int_equal(listener.taken, 0);
	assert_non_null(strstr(listener.reason, "/nowhere/at/all"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_sampler_asks_every_supported_server),
		cmocka_unit_test(a_newer_server_is_asked_in_its_own_words),
		cmocka_unit_test(every_check_looks_at_a_sampler),
		cmocka_unit_test(growth_is_unknown_at_first_and_after_a_reset),
		cmocka_unit_test(sessions_of_ours_are_known_by_their_name),
		cmocka_unit_test(without_a_connection_every_sampler_is_told_to_be_unseen),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
