#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/health/metric.h"

static void write_all(struct strbuf *out, const char *text)
{
	_cleanup_error_ struct error err = {0};
	_cleanup_json_ struct json *document = NULL;
	if (json_parse(text, strlen(text), &document, &err) != OK)
		fail_msg("%s: %s", text, err.message);
	metrics_write(out, document);
}

/* The metrics of one document are exactly these lines, HELP and TYPE apart. */
static void assert_series(const char *document, const char *wanted)
{
	_cleanup_strbuf_ struct strbuf out = {0}, series = {0};

	write_all(&out, document);
	for (const char *line = strbuf_text(&out); *line; line += strcspn(line, "\n") + 1)
		if (*line != '#')
			strbuf_add(&series, line, strcspn(line, "\n") + 1);
	assert_string_equal(strbuf_text(&series), wanted);
}

static void a_metric_says_what_it_is_before_its_first_series(void **state)
{
	_cleanup_strbuf_ struct strbuf out = {0};
	(void)state;
	write_all(&out, "{\"up\":true}");
	assert_string_equal(strbuf_text(&out),
	                    "# HELP pgsluice_up 1 while there is a connection to the server, else 0.\n"
	                    "# TYPE pgsluice_up gauge\n"
	                    "pgsluice_up 1\n");
}

static void what_is_not_known_has_no_series(void **state)
{
	(void)state;
	assert_series("{}", "");
	assert_series("{\"server\":null,\"state\":null,\"checks\":[],\"samplers\":{}}", "");
	assert_series("{\"samplers\":{\"wal\":{\"state\":\"ok\",\"values\":{\"replay_delay_ms\":null,\"archiver\":null}}}}",
	              "pgsluice_sampler_up{sampler=\"wal\"} 1\n");
}

static void times_are_seconds_and_shares_are_ratios(void **state)
{
	(void)state;
	assert_series("{\"samplers\":{\"locks\":{\"state\":\"ok\",\"age_ms\":1500,\"cost_us\":42,"
	              "\"values\":{\"longest_wait_ms\":61007,\"waiting\":3}},"
	              "\"sequences\":{\"state\":\"ok\",\"values\":{\"fullest\":["
	              "{\"sequence\":\"s\",\"used_percent\":97.5}]}}}}",
	              "pgsluice_sampler_up{sampler=\"locks\"} 1\n"
	              "pgsluice_sampler_up{sampler=\"sequences\"} 1\n"
	              "pgsluice_sampler_age_seconds{sampler=\"locks\"} 1.500\n"
	              "pgsluice_sampler_cost_seconds{sampler=\"locks\"} 0.000042\n"
	              "pgsluice_lock_waiting_sessions 3\n"
	              "pgsluice_lock_longest_wait_seconds 61.007\n"
	              "pgsluice_sequence_used_ratio{sequence=\"s\"} 0.975\n");
}

static void values_that_are_not_the_newest_are_not_told(void **state)
{
	static const char *const STATES[] = {"failed", "n/a", "waiting"};
	(void)state;
	for (size_t i = 0; i < sizeof(STATES) / sizeof(STATES[0]); i++) {
		_cleanup_strbuf_ struct strbuf text = {0};
		strbuf_printf(&text, "{\"samplers\":{\"locks\":{\"state\":\"%s\",\"values\":{\"waiting\":3}}}}", STATES[i]);
		assert_series(strbuf_text(&text), "pgsluice_sampler_up{sampler=\"locks\"} 0\n");
	}
}

static void levels_are_the_numbers_that_plugins_end_with_and_what_is_off_is_left_out(void **state)
{
	(void)state;
	assert_series("{\"state\":\"critical\",\"checks\":[{\"check\":\"a\",\"state\":\"ok\"},"
	              "{\"check\":\"b\",\"state\":\"warning\"},{\"check\":\"c\",\"state\":\"unknown\"},"
	              "{\"check\":\"d\",\"state\":\"off\"}]}",
	              "pgsluice_health_level 2\n"
	              "pgsluice_check_level{check=\"a\"} 0\n"
	              "pgsluice_check_level{check=\"b\"} 1\n"
	              "pgsluice_check_level{check=\"c\"} 3\n");
}

static void points_in_time_are_seconds_since_1970(void **state)
{
	(void)state;
	assert_series("{\"status\":{\"looked\":\"1970-01-02T00:00:01.050Z\",\"last_run\":{\"began\":\"soon\"}}}",
	              "pgsluice_migrations_time_seconds 86401.050\n"
	              "pgsluice_last_run_info{run=\"\",command=\"\",state=\"\"} 1\n");
}

static void labels_are_quoted_and_a_series_is_never_there_twice(void **state)
{
	(void)state;
	assert_series("{\"samplers\":{\"slots\":{\"state\":\"ok\",\"values\":{\"slots\":["
	              "{\"name\":\"a\\\"b\\\\c\\nd\",\"active\":true},{\"name\":\"x\",\"active\":false},"
	              "{\"name\":\"x\",\"active\":true},{\"name\":null,\"active\":true}]}}}}",
	              "pgsluice_sampler_up{sampler=\"slots\"} 1\n"
	              "pgsluice_slot_active{slot=\"a\\\"b\\\\c\\nd\"} 1\n"
	              "pgsluice_slot_active{slot=\"x\"} 0\n"
	              "pgsluice_slot_active{slot=\"\"} 1\n");
}

static void a_value_of_another_kind_is_no_value(void **state)
{
	(void)state;
	assert_series("{\"up\":\"yes\",\"server\":{\"started_ms\":\"soon\"},\"state\":7,\"samplers\":{\"locks\":7}}",
	              "pgsluice_server_info{database=\"\",version=\"\",in_recovery=\"\"} 1\n");
}

static bool is_name(const char *name)
{
	return strspn(name, "abcdefghijklmnopqrstuvwxyz_") == strlen(name) && *name;
}

static void names_follow_the_custom(void **state)
{
	size_t count;
	const struct metric_row *rows = metrics_list(&count);
	(void)state;
	for (size_t i = 0; i < count; i++) {
		const char *name = rows[i].name, *end = strrchr(name, '_');
		bool total = end && strcmp(end, "_total") == 0;
		if (!is_name(name) || total != (rows[i].kind == METRIC_COUNTER))
			fail_msg("%s: counters and only these end in _total", name);
		bool time = rows[i].unit == METRIC_MS || rows[i].unit == METRIC_US || rows[i].unit == METRIC_STAMP;
		if (time != (strstr(name, "_seconds") != NULL))
			fail_msg("%s: times and only these are seconds", name);
		for (size_t j = 0; j < i; j++)
			if (strcmp(rows[j].name, name) == 0)
				fail_msg("%s is there twice", name);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_metric_says_what_it_is_before_its_first_series),
		cmocka_unit_test(what_is_not_known_has_no_series),
		cmocka_unit_test(times_are_seconds_and_shares_are_ratios),
		cmocka_unit_test(values_that_are_not_the_newest_are_not_told),
		cmocka_unit_test(levels_are_the_numbers_that_plugins_end_with_and_what_is_off_is_left_out),
		cmocka_unit_test(points_in_time_are_seconds_since_1970),
		cmocka_unit_test(labels_are_quoted_and_a_series_is_never_there_twice),
		cmocka_unit_test(a_value_of_another_kind_is_no_value),
		cmocka_unit_test(names_follow_the_custom),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
