#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "core/report/series.h"

static const int64_t BEGIN_MS = 1767225600000; /* 2026-01-01T00:00:00Z */

static void take(struct series_set *set, int64_t after_ms, enum event_type type, const char *text)
{
	_cleanup_error_ struct error err = {0};
	_cleanup_json_ struct json *fields = NULL;
	if (json_parse(text, strlen(text), &fields, &err) != OK)
		fail_msg("%s: %s", text, err.message);
	assert_true(event_fits(type, fields));
	series_take(set, BEGIN_MS + after_ms, type, fields);
}

static const struct series *series_named(const struct series_set *set, const char *name)
{
	size_t count;
	const struct series_group *groups = series_groups(&count);
	for (size_t g = 0; g < count; g++)
		for (size_t i = 0; i < SERIES_IN_GROUP && groups[g].rows[i].name; i++)
			if (strcmp(groups[g].rows[i].name, name) == 0)
				return &set->told[g].series[i];
	fail_msg("there is no series %s", name);
	return NULL;
}

static int open_set(void **state)
{
	*state = series_open();
	return 0;
}

static int close_set(void **state)
{
	series_close(*state);
	return 0;
}

static void every_series_has_a_name_of_its_own_that_begins_with_its_sampler(void **state)
{
	size_t count, total = 0;
	const struct series_group *groups = series_groups(&count);
	const char *names[64];
	(void)state;
	for (size_t g = 0; g < count; g++) {
		for (size_t i = 0; i < SERIES_IN_GROUP && groups[g].rows[i].name; i++) {
			const char *name = groups[g].rows[i].name;
			size_t length = strlen(groups[g].sampler);
			assert_int_equal(strncmp(name, groups[g].sampler, length), 0);
			assert_int_equal(name[length], '.');
			for (size_t j = 0; j < total; j++)
				assert_string_not_equal(names[j], name);
			names[total++] = name;
		}
	}
}

static void members_are_read_by_their_path(void **state)
{
	struct series_set *set = *state;
	take(set, 0, EVENT_SAMPLE,
	     "{\"sampler\":\"connections\",\"values\":{\"used\":7,\"usable\":97,\"states\":{\"active\":3}}}");
	take(set, 0, EVENT_SAMPLE,
	     "{\"sampler\":\"replicas\",\"values\":{\"replicas\":[{\"lag_ms\":20},{\"lag_ms\":700},{\"lag_ms\":null}]}}");
	take(set, 0, EVENT_SAMPLE, "{\"sampler\":\"workload\",\"values\":{\"commits_per_s\":12.5}}");
	assert_true(series_named(set, "connections.active")->points[0].last == 3);
	assert_true(series_named(set, "connections.idle_in_transaction")->points[0].last == 0);
	assert_true(series_named(set, "replicas.lag_ms")->points[0].last == 700);
	assert_true(series_named(set, "workload.commits_per_s")->points[0].last == 12.5);
	assert_int_equal(series_named(set, "workload.rollbacks_per_s")->count, 0);
}

static void what_could_not_be_measured_is_a_gap_and_not_zero(void **state)
{
	struct series_set *set = *state;
	struct series_summary summary;
	take(set, 0, EVENT_SAMPLE, "{\"sampler\":\"locks\",\"values\":{\"waiting\":4,\"longest_wait_ms\":9}}");
	take(set, 1000, EVENT_SAMPLE, "{\"sampler\":\"locks\",\"values\":{\"unavailable\":\"needs pg_monitor\"}}");
	take(set, 2000, EVENT_SAMPLE, "{\"sampler\":\"locks\",\"values\":{\"unavailable\":\"needs pg_monitor\"}}");
	const struct series *waiting = series_named(set, "locks.waiting");
	assert_int_equal(waiting->count, 2);
	assert_true(waiting->points[1].missing);
	assert_true(series_summary(waiting, BEGIN_MS + 5000, &summary));
	assert_true(summary.least == 4 && summary.mean == 4 && summary.most == 4);
	assert_int_equal(series_named(set, "locks.behind_us")->count, 0);
}

static void a_second_without_answer_has_no_percentile_but_the_wait_so_far(void **state)
{
	struct series_set *set = *state;
	take(set, 0, EVENT_SAMPLE, "{\"sampler\":\"latency\",\"values\":{\"count\":50,\"p50_us\":90,\"p99_us\":120,"
	                           "\"most_us\":130,\"before\":{\"p99_us\":110}}}");
	take(set, 1000, EVENT_SAMPLE,
	     "{\"sampler\":\"latency\",\"values\":{\"count\":0,\"p50_us\":0,\"p99_us\":0,\"waiting_us\":700000}}");
	assert_true(series_named(set, "latency.p50_us")->points[1].missing);
	assert_true(series_named(set, "latency.most_us")->points[1].last == 700000);
	assert_true(set->told[0].limit == 110);
}

static void a_number_that_no_server_can_have_is_none(void **state)
{
	struct series_set *set = *state;
	take(set, 0, EVENT_SAMPLE, "{\"sampler\":\"workload\",\"values\":{\"commits_per_s\":12.5}}");
	take(set, 1000, EVENT_SAMPLE, "{\"sampler\":\"workload\",\"values\":{\"commits_per_s\":1.7e308}}");
	take(set, 2000, EVENT_SAMPLE, "{\"sampler\":\"workload\",\"values\":{\"commits_per_s\":-1e16}}");
	const struct series *commits = series_named(set, "workload.commits_per_s");
	assert_int_equal(commits->count, 2);
	assert_true(commits->points[0].last == 12.5);
	assert_true(commits->points[1].missing);
}

static void a_mean_is_weighed_by_how_long_a_figure_held(void **state)
{
	struct series_set *set = *state;
	struct series_summary summary;
	take(set, 0, EVENT_SAMPLE, "{\"sampler\":\"wal\",\"values\":{\"bytes_per_s\":0}}");
	take(set, 9000, EVENT_SAMPLE, "{\"sampler\":\"wal\",\"values\":{\"bytes_per_s\":100}}");
	assert_true(series_summary(series_named(set, "wal.bytes_per_s"), BEGIN_MS + 10000, &summary));
	assert_true(summary.mean == 10 && summary.most == 100);
	assert_int_equal(summary.most_at_ms, BEGIN_MS + 9000);
	assert_false(series_summary(series_named(set, "locks.waiting"), BEGIN_MS + 10000, &summary));
}

static void a_long_run_keeps_its_spikes_in_bounded_room(void **state)
{
	struct series_set *set = *state;
	struct series_summary summary;
	for (int64_t i = 0; i < 20000; i++)
		take(set, i * 1000, EVENT_SAMPLE,
		     i == 7777 ? "{\"sampler\":\"locks\",\"values\":{\"waiting\":42}}"
		               : "{\"sampler\":\"locks\",\"values\":{\"waiting\":1}}");
	const struct series *waiting = series_named(set, "locks.waiting");
	assert_true(waiting->count <= SERIES_POINTS_MOST);
	assert_true(waiting->count > SERIES_POINTS_MOST / 4);
	assert_int_equal(waiting->points[0].at_ms, BEGIN_MS);
	assert_true(series_summary(waiting, BEGIN_MS + 20000000, &summary));
	assert_true(summary.least == 1 && summary.most == 42);
	assert_true(summary.most_at_ms <= BEGIN_MS + 7777000 && summary.most_at_ms > BEGIN_MS + 7600000);
}

static void gates_and_migrations_have_their_times(void **state)
{
	struct series_set *set = *state;
	take(set, 0, EVENT_GATE, "{\"gate\":\"apply\",\"state\":\"running\"}");
	take(set, 10, EVENT_STEP,
	     "{\"version\":\"002\",\"step\":1,\"statement\":1,\"phase\":\"begin\",\"gate\":\"apply\"}");
	take(set, 20, EVENT_STEP,
	     "{\"version\":\"002\",\"step\":1,\"statement\":1,\"phase\":\"end\",\"error\":\"e\",\"gate\":\"apply\"}");
	take(set, 30, EVENT_STEP,
	     "{\"version\":\"002\",\"step\":1,\"statement\":1,\"phase\":\"begin\",\"gate\":\"apply\"}");
	take(set, 40, EVENT_STEP, "{\"version\":\"002\",\"step\":1,\"phase\":\"end\",\"gate\":\"apply\"}");
	take(set, 50, EVENT_STEP,
	     "{\"version\":\"003\",\"step\":1,\"statement\":1,\"phase\":\"begin\",\"gate\":\"rehearsal\"}");
	take(set, 60, EVENT_GATE, "{\"gate\":\"apply\",\"state\":\"passed\"}");
	assert_int_equal(set->migrations.count, 1);
	assert_string_equal(set->migrations.items[0].state, "committed");
	assert_int_equal(set->migrations.items[0].begin_ms, BEGIN_MS + 10);
	assert_int_equal(set->migrations.items[0].end_ms, BEGIN_MS + 40);
	assert_int_equal(set->gates.count, 1);
	assert_int_equal(set->gates.items[0].end_ms, BEGIN_MS + 60);
	assert_string_equal(set->gates.items[0].state, "passed");
}

static void only_what_goes_wrong_on_live_is_marked(void **state)
{
	struct series_set *set = *state;
	take(set, 0, EVENT_LOG, "{\"level\":\"warning\",\"message\":\"of the backup\"}");
	take(set, 1, EVENT_GATE, "{\"gate\":\"apply\",\"state\":\"running\"}");
	take(set, 2, EVENT_LOG, "{\"level\":\"info\",\"message\":\"the guard is armed\"}");
	take(set, 3, EVENT_LOG, "{\"level\":\"warning\",\"message\":\"the guard pulls back\"}");
	take(set, 4, EVENT_REQUEST,
	     "{\"request\":\"pause\",\"accepted\":false,\"user\":\"ann\",\"uid\":1,\"pid\":2,\"refused\":\"no\"}");
	assert_int_equal(set->marks.count, 2);
	assert_string_equal(set->marks.items[0].text, "the guard pulls back");
	assert_string_equal(set->marks.items[1].text, "ann asked for pause, which is refused: no");
	for (size_t i = 0; i < 200; i++)
		take(set, 5, EVENT_LOG, "{\"level\":\"warning\",\"message\":\"again\"}");
	assert_int_equal(set->marks.count, SERIES_MARKS_MOST);
	assert_int_equal(set->marks_left_out, 102);
}

static void the_json_has_times_since_the_first_and_null_for_gaps(void **state)
{
	struct series_set *set = *state;
	_cleanup_strbuf_ struct strbuf text = {0};
	int64_t begin_ms, end_ms;
	assert_false(series_times(set, &begin_ms, &end_ms));
	take(set, 500, EVENT_SAMPLE, "{\"sampler\":\"wal\",\"values\":{\"bytes_per_s\":12.25}}");
	take(set, 1500, EVENT_SAMPLE, "{\"sampler\":\"wal\",\"values\":{\"unavailable\":\"x\"}}");
	assert_true(series_times(set, &begin_ms, &end_ms));
	assert_int_equal(begin_ms, BEGIN_MS + 500);
	assert_int_equal(end_ms, BEGIN_MS + 1500);
	_cleanup_json_ struct json *value = series_json(set, begin_ms);
	json_write(&text, value);
	assert_string_equal(strbuf_text(&text), "[{\"name\":\"wal.bytes_per_s\",\"unit\":\"bytes_per_s\",\"points\":"
	                                        "[[0,12.250,12.250,12.250],[1000,null,null,null]]}]");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_series_has_a_name_of_its_own_that_begins_with_its_sampler),
		cmocka_unit_test_setup_teardown(members_are_read_by_their_path, open_set, close_set),
		cmocka_unit_test_setup_teardown(what_could_not_be_measured_is_a_gap_and_not_zero, open_set, close_set),
		cmocka_unit_test_setup_teardown(a_second_without_answer_has_no_percentile_but_the_wait_so_far, open_set,
	                                        close_set),
		cmocka_unit_test_setup_teardown(a_number_that_no_server_can_have_is_none, open_set, close_set),
		cmocka_unit_test_setup_teardown(a_mean_is_weighed_by_how_long_a_figure_held, open_set, close_set),
		cmocka_unit_test_setup_teardown(a_long_run_keeps_its_spikes_in_bounded_room, open_set, close_set),
		cmocka_unit_test_setup_teardown(gates_and_migrations_have_their_times, open_set, close_set),
		cmocka_unit_test_setup_teardown(only_what_goes_wrong_on_live_is_marked, open_set, close_set),
		cmocka_unit_test_setup_teardown(the_json_has_times_since_the_first_and_null_for_gaps, open_set, close_set),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
