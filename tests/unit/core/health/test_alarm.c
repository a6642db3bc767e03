#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "core/health/alarm.h"

static struct json *parsed(const char *text)
{
	_cleanup_error_ struct error err = {0};
	struct json *value = NULL;
	if (json_parse(text, strlen(text), &value, &err) != OK)
		fail_msg("%s: %s", text, err.message);
	return value;
}

/* What is found of one check in one document. */
static struct alarm_finding judged(struct arena *arena, enum alarm alarm, const char *limit, const char *samplers)
{
	_cleanup_json_ struct json *document = parsed(samplers);
	struct alarm_finding findings[ALARM_COUNT];
	struct alarm_limits limits;

	alarm_limits_init(&limits);
	if (limit)
		assert_true(alarm_limit_read(alarm, limit, &limits.of[alarm]));
	size_t count = alarms_judge(arena, &limits, document, findings);
	for (size_t i = 0; i < count; i++) {
		if (findings[i].alarm == alarm)
			return findings[i];
	}
	fail_msg("%s was not judged", alarm_get(alarm)->name);
	return findings[0];
}

static void a_value_at_a_limit_has_reached_it(void **state)
{
	static const struct {
		const char *percent;
		enum alarm_level level;
	} ROWS[] = {{"0.0", LEVEL_OK},       {"89.9", LEVEL_OK},       {"90.0", LEVEL_WARNING},
	            {"94.9", LEVEL_WARNING}, {"95.0", LEVEL_CRITICAL}, {"120.0", LEVEL_CRITICAL}};
	_cleanup_arena_ struct arena *arena = arena_open();
	(void)state;
	for (size_t i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++) {
		const char *text = arena_printf(arena, "{\"connections\":{\"state\":\"ok\",\"values\":{\"used_percent\":%s}}}",
		                                ROWS[i].percent);
		if (judged(arena, ALARM_CONNECTIONS, NULL, text).level != ROWS[i].level)
			fail_msg("%s %% has another level", ROWS[i].percent);
	}
}

static void what_could_not_be_seen_is_unknown_and_never_good(void **state)
{
	_cleanup_arena_ struct arena *arena = arena_open();
	(void)state;
	struct alarm_finding finding = judged(arena, ALARM_LOCK_WAIT, NULL,
	                                      "{\"locks\":{\"state\":\"n/a\","
	                                      "\"reason\":\"needs pg_monitor\",\"values\":null}}");
	assert_int_equal(finding.level, LEVEL_UNKNOWN);
	assert_string_equal(finding.text, "locks: n/a (needs pg_monitor)");
	finding = judged(arena, ALARM_DEADLOCKS, NULL, "{\"workload\":{\"state\":\"ok\",\"values\":{\"deadlocks\":null}}}");
	assert_int_equal(finding.level, LEVEL_UNKNOWN);
	assert_string_equal(finding.text, "workload: not known");
}

static void the_fullest_pool_counts_and_one_look_alone_tells_nothing(void **state)
{
	_cleanup_arena_ struct arena *arena = arena_open();
	(void)state;
	struct alarm_finding finding = judged(arena, ALARM_POOL_USE, NULL,
	                                      "{\"pools\":{\"state\":\"ok\",\"values\":{\"databases\":["
	                                      "{\"database\":\"a\",\"utilisation\":0.500},"
	                                      "{\"database\":\"b\",\"utilisation\":0.900},"
	                                      "{\"database\":\"c\",\"utilisation\":null}]}}}");
	assert_int_equal(finding.level, LEVEL_CRITICAL);
	assert_string_equal(finding.text, "90 % of the servers of a pool are busy (b)");
	finding = judged(arena, ALARM_POOL_USE, NULL,
	                 "{\"pools\":{\"state\":\"ok\",\"values\":{\"databases\":["
	                 "{\"database\":\"a\",\"utilisation\":null}]}}}");
	assert_int_equal(finding.level, LEVEL_UNKNOWN);
	finding = judged(arena, ALARM_POOL_USE, NULL, "{\"pools\":{\"state\":\"ok\",\"values\":{\"databases\":[]}}}");
	assert_int_equal(finding.level, LEVEL_OK);
}

static void the_client_that_waits_longest_for_a_server_counts(void **state)
{
	_cleanup_arena_ struct arena *arena = arena_open();
	(void)state;
	struct alarm_finding finding = judged(arena, ALARM_POOL_WAIT, NULL,
	                                      "{\"pools\":{\"state\":\"ok\",\"values\":{\"databases\":["
	                                      "{\"database\":\"a\",\"longest_wait_ms\":0},"
	                                      "{\"database\":\"b\",\"longest_wait_ms\":2500}]}}}");
	assert_int_equal(finding.level, LEVEL_WARNING);
	assert_string_equal(finding.text, "a client of PgBouncer has waited 2.5 s for a server (b)");
}

static void a_check_that_is_off_is_never_wrong(void **state)
{
	_cleanup_arena_ struct arena *arena = arena_open();
	(void)state;
	struct alarm_finding finding =
		judged(arena, ALARM_LOCK_WAIT, "off", "{\"locks\":{\"state\":\"n/a\",\"values\":null}}");
	assert_int_equal(finding.level, LEVEL_OK);
	assert_true(finding.off);
}

static void the_root_of_the_longest_wait_is_named(void **state)
{
	_cleanup_arena_ struct arena *arena = arena_open();
	(void)state;
	struct alarm_finding finding = judged(
		arena, ALARM_LOCK_WAIT, NULL,
		"{\"locks\":{\"state\":\"ok\",\"values\":{\"waiting\":2,\"longest_wait_ms\":70000,"
		"\"forest\":[{\"pid\":9,\"depth\":0},{\"pid\":8,\"depth\":1},{\"pid\":1,\"depth\":0},{\"pid\":2,\"depth\":1}],"
		"\"sessions\":[{\"pid\":9,\"application\":\"other\",\"waiting\":false},"
		"{\"pid\":8,\"waiting\":true,\"wait_ms\":5},"
		"{\"pid\":1,\"application\":\"psql\",\"state\":\"idle in transaction\",\"waiting\":false},"
		"{\"pid\":2,\"waiting\":true,\"wait_ms\":70000}]}}}");
	assert_int_equal(finding.level, LEVEL_WARNING);
	assert_string_equal(finding.text, "the longest wait for a lock is 1 min 10 s (2 waiting, first in the way: "
	                                  "process 1, psql, idle in transaction)");
}

static void only_slots_without_a_receiver_count_as_retaining(void **state)
{
	static const char SLOTS[] =
		"{\"slots\":{\"state\":\"ok\",\"values\":{\"slots\":["
		"{\"name\":\"busy\",\"active\":true,\"wal_status\":\"extended\",\"retained_bytes\":99999999999},"
		"{\"name\":\"dead\",\"active\":false,\"wal_status\":\"lost\",\"retained_bytes\":2147483648}]}}}";
	_cleanup_arena_ struct arena *arena = arena_open();
	(void)state;
	assert_string_equal(judged(arena, ALARM_SLOT_RETAINED, NULL, SLOTS).text,
	                    "a replication slot that nobody uses keeps 2.0 GiB of WAL (dead)");
	assert_int_equal(judged(arena, ALARM_SLOTS_LOST, NULL, SLOTS).level, LEVEL_CRITICAL);
}

static void limits_are_read_in_their_unit(void **state)
{
	static const struct {
		enum alarm alarm;
		const char *text;
		bool fine;
		int64_t warning, critical;
	} ROWS[] = {
		{ALARM_CONNECTIONS, "80% 90%", true, 80, 90},
		{ALARM_CONNECTIONS, "80 90", true, 80, 90},
		{ALARM_REPLICA_LAG, "5s  1min", true, 5000, 60000},
		{ALARM_REPLICA_LAG, "- 1min", true, -1, 60000},
		{ALARM_REPLICA_BYTES, "64MiB -", true, 64 << 20, -1},
		{ALARM_REPLICA_LAG, "1min 5s", false, 0, 0},
		{ALARM_REPLICA_LAG, "5s", false, 0, 0},
		{ALARM_CONNECTIONS, "5s 6s", false, 0, 0},
		{ALARM_CONNECTIONS, "-1 90", false, 0, 0},
		{ALARM_REPLICA_BYTES, "1x 2x", false, 0, 0},
		{ALARM_CONNECTIONS, "", false, 0, 0},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++) {
		struct alarm_limit limit = {0};
		if (alarm_limit_read(ROWS[i].alarm, ROWS[i].text, &limit) != ROWS[i].fine)
			fail_msg("\"%s\" should%s be read", ROWS[i].text, ROWS[i].fine ? "" : " not");
		assert_int_equal(limit.warning, ROWS[i].warning);
		assert_int_equal(limit.critical, ROWS[i].critical);
	}
}

static void every_row_says_what_is_wrong_and_what_to_do(void **state)
{
	(void)state;
	for (enum alarm alarm = 0; alarm < ALARM_COUNT; alarm++) {
		const struct alarm_row *row = alarm_get(alarm);
		enum alarm found;
		assert_non_null(strstr(row->text, "%s"));
		assert_int_equal(row->advice[strlen(row->advice) - 1], '.');
		assert_int_equal(row->help[strlen(row->help) - 1], '.');
		assert_true(alarm_find(row->name, &found));
		assert_int_equal(found, alarm);
	}
}

static void where_nothing_was_judged_the_state_is_unknown(void **state)
{
	_cleanup_arena_ struct arena *arena = arena_open();
	_cleanup_json_ struct json *samplers = parsed("{\"progress\":{\"state\":\"ok\",\"values\":{}}}");
	_cleanup_json_ struct json *document = json_new_object();
	_cleanup_strbuf_ struct strbuf text = {0};
	struct alarm_finding findings[ALARM_COUNT] = {{.level = LEVEL_OK}};
	struct alarm_limits limits;
	(void)state;
	alarm_limits_init(&limits);
	size_t count = alarms_judge(arena, &limits, samplers, findings);
	assert_int_equal(count, 0);
	assert_int_equal(alarms_worst(findings, count), LEVEL_UNKNOWN);
	assert_int_equal(alarms_worst(findings, 1), LEVEL_OK);
	alarms_report(document, &limits, findings, count);
	json_write(&text, document);
	assert_string_equal(strbuf_text(&text), "{\"state\":\"unknown\",\"checks\":[]}");
}

static void the_report_has_advice_only_for_what_is_wrong(void **state)
{
	_cleanup_arena_ struct arena *arena = arena_open();
	_cleanup_json_ struct json *samplers = parsed("{\"indexes\":{\"state\":\"ok\",\"values\":{\"left_over\":1,"
	                                              "\"invalid\":[{\"index\":\"public.i\",\"building\":false}]}},"
	                                              "\"sequences\":{\"state\":\"ok\",\"values\":{\"fullest\":[]}}}");
	_cleanup_json_ struct json *document = json_new_object();
	_cleanup_strbuf_ struct strbuf text = {0};
	struct alarm_finding findings[ALARM_COUNT];
	struct alarm_limits limits;
	(void)state;
	alarm_limits_init(&limits);
	size_t count = alarms_judge(arena, &limits, samplers, findings);
	assert_int_equal(count, 2);
	alarms_report(document, &limits, findings, count);
	json_write(&text, document);
	assert_string_equal(
		strbuf_text(&text),
		"{\"state\":\"warning\",\"checks\":[{\"check\":\"invalid-indexes\",\"sampler\":\"indexes\","
		"\"state\":\"warning\",\"value\":1,\"unit\":\"number\",\"warning\":1,\"critical\":null,"
		"\"text\":\"indexes that are not valid: 1 (public.i)\","
		"\"advice\":\"Drop each with DROP INDEX CONCURRENTLY, or REINDEX INDEX CONCURRENTLY.\"},"
		"{\"check\":\"sequences\",\"sampler\":\"sequences\",\"state\":\"ok\",\"value\":0,\"unit\":\"percent\","
		"\"warning\":85,\"critical\":95,\"text\":\"0 % of a sequence's range is used\",\"advice\":null}]}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_value_at_a_limit_has_reached_it),
		cmocka_unit_test(what_could_not_be_seen_is_unknown_and_never_good),
		cmocka_unit_test(the_fullest_pool_counts_and_one_look_alone_tells_nothing),
		cmocka_unit_test(the_client_that_waits_longest_for_a_server_counts),
		cmocka_unit_test(a_check_that_is_off_is_never_wrong),
		cmocka_unit_test(the_root_of_the_longest_wait_is_named),
		cmocka_unit_test(only_slots_without_a_receiver_count_as_retaining),
		cmocka_unit_test(limits_are_read_in_their_unit),
		cmocka_unit_test(every_row_says_what_is_wrong_and_what_to_do),
		cmocka_unit_test(where_nothing_was_judged_the_state_is_unknown),
		cmocka_unit_test(the_report_has_advice_only_for_what_is_wrong),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
