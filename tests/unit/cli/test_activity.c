#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "cli/activity.h"

static const char *told(struct strbuf *text, const struct activity *activity, int64_t now_ms)
{
	strbuf_reset(text);
	activity_text(text, activity, now_ms);
	return strbuf_text(text);
}

static void sample(struct activity *activity, const char *sampler, const char *values_text, int64_t now_ms)
{
	_cleanup_error_ struct error err = {0};
	_cleanup_json_ struct json *values = NULL;
	if (json_parse(values_text, strlen(values_text), &values, &err))
		fail_msg("%s", err.message);
	activity_sample(activity, sampler, values, now_ms);
}

static void nothing_is_told_while_no_gate_is_at_work(void **state)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	struct activity activity = {0};
	(void)state;
	assert_string_equal(told(&text, &activity, 1000), "");
}

static void time_goes_on_without_news(void **state)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	struct activity activity = {0};
	(void)state;
	activity_begin(&activity, "backup", 1000);
	sample(&activity, "backup", "{\"phase\":\"restore\",\"remaining_ms\":30000}", 2000);
	assert_string_equal(told(&text, &activity, 2000), "backup 1 s: restore, about 30 s left");
	assert_string_equal(told(&text, &activity, 12000), "backup 11 s: restore, about 20 s left");
	assert_string_equal(told(&text, &activity, 99000), "backup 1 min 38 s: restore");
	activity_clear(&activity);
}

static void what_is_done_stands_beside_the_total(void **state)
{
	static const struct {
		const char *values, *text;
	} CASES[] = {
		{"{\"phase\":\"dump\",\"done_bytes\":1048576,\"total_bytes\":0}", "dump, 1.0 MiB"},
		{"{\"phase\":\"dump\",\"tables_done\":0,\"tables_total\":0,\"rate_bytes\":0}", "dump"},
		{"{\"tables_done\":3,\"tables_total\":6,\"done_bytes\":512,\"total_bytes\":2048,\"rate_bytes\":256}",
		 "3 of 6 tables, 512 B of 2.0 KiB, 256 B/s"},
		{"{\"phase\":\"building index\",\"percent\":27}", "building index, 27 %"},
		{"{\"snapshot_age_ms\":5300}", "snapshot age 5.3 s"},
		{"{\"waiting\":true}", "waiting true"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(CASES) / sizeof(*CASES); i++) {
		struct activity activity = {0};
		activity_begin(&activity, "g", 0);
		sample(&activity, "g", CASES[i].values, 0);
		assert_string_equal(strbuf_text(&activity.sample), CASES[i].text);
		activity_clear(&activity);
	}
}

static void a_step_ends_what_was_said_of_the_one_before(void **state)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	struct activity activity = {0};
	(void)state;
	activity_begin(&activity, "apply", 0);
	sample(&activity, "apply", "{\"remaining_ms\":60000}", 0);
	activity_step(&activity, "1 of 2: 005 index");
	sample(&activity, "statement", "{\"percent\":50}", 0);
	assert_string_equal(told(&text, &activity, 1000), "apply 1 s: 1 of 2: 005 index, 50 %, about 59 s left");
	activity_step(&activity, "2 of 2: 006 table");
	assert_string_equal(told(&text, &activity, 2000), "apply 2 s: 2 of 2: 006 table, about 58 s left");
	sample(&activity, "apply", "{\"phase\":\"the way back\"}", 0);
	assert_string_equal(told(&text, &activity, 3000), "apply 3 s: the way back");
	activity_clear(&activity);
}

static void samples_of_live_are_not_told_on_the_line(void **state)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	struct activity activity = {0};
	(void)state;
	activity_begin(&activity, "apply", 0);
	activity_step(&activity, "1 of 2: 005 index");
	sample(&activity, "statement", "{\"percent\":50}", 0);
	sample(&activity, "connections", "{\"used\":5,\"states\":{\"idle\":4}}", 0);
	sample(&activity, "latency", "{\"p99_us\":900}", 0);
	assert_string_equal(told(&text, &activity, 1000), "apply 1 s: 1 of 2: 005 index, 50 %");
	activity_clear(&activity);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_told_while_no_gate_is_at_work),
		cmocka_unit_test(time_goes_on_without_news),
		cmocka_unit_test(what_is_done_stands_beside_the_total),
		cmocka_unit_test(a_step_ends_what_was_said_of_the_one_before),
		cmocka_unit_test(samples_of_live_are_not_told_on_the_line),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
