#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "core/report/chart.h"

static const int64_t BEGIN_MS = 1767225600000; /* 2026-01-01T00:00:00Z */

struct fixture {
	struct arena *arena;
	struct series_set *set;
};

static int set_up(void **state)
{
	static struct fixture fixture;
	fixture = (struct fixture){.arena = arena_open(), .set = series_open()};
	*state = &fixture;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;
	series_close(f->set);
	arena_close(f->arena);
	return 0;
}

static void take(struct fixture *f, int64_t after_ms, enum event_type type, const char *text)
{
	_cleanup_error_ struct error err = {0};
	_cleanup_json_ struct json *fields = NULL;
	if (json_parse(text, strlen(text), &fields, &err) != OK)
		fail_msg("%s: %s", text, err.message);
	series_take(f->set, BEGIN_MS + after_ms, type, fields);
}

static size_t group_named(const char *name)
{
	size_t count;
	const struct series_group *groups = series_groups(&count);
	for (size_t i = 0; i < count; i++)
		if (strcmp(groups[i].name, name) == 0)
			return i;
	fail_msg("there is no group %s", name);
	return 0;
}

static void draw(struct fixture *f, struct strbuf *out, const char *group, int64_t length_ms)
{
	chart_series(out, f->arena, f->set, group_named(group), BEGIN_MS, BEGIN_MS + length_ms);
}

static void expect_part(const struct strbuf *picture, const char *part)
{
	if (!strstr(strbuf_text(picture), part))
		fail_msg("\"%s\" is not in %s", part, strbuf_text(picture));
}

static void a_figure_holds_until_the_next_and_a_gap_is_left_open(void **state)
{
	struct fixture *f = *state;
	_cleanup_strbuf_ struct strbuf picture = {0};
	take(f, 0, EVENT_SAMPLE, "{\"sampler\":\"wal\",\"values\":{\"bytes_per_s\":0}}");
	take(f, 2500, EVENT_SAMPLE, "{\"sampler\":\"wal\",\"values\":{\"bytes_per_s\":4096}}");
	take(f, 5000, EVENT_SAMPLE, "{\"sampler\":\"wal\",\"values\":{\"unavailable\":\"x\"}}");
	take(f, 7500, EVENT_SAMPLE, "{\"sampler\":\"wal\",\"values\":{\"bytes_per_s\":0}}");
	draw(f, &picture, "wal", 10000);
	expect_part(&picture, "d=\"M66.0 176.0H207.0V24.0H348.0M489.0 176.0H630.0\"");
	expect_part(&picture, ">4.0 KiB/s</text>");
	expect_part(&picture, ">0:10</text>");
}

static void no_figure_is_so_large_or_small_that_its_scale_has_no_end(void **state)
{
	static const char *const FIGURES[] = {"1.7e308", "1e15", "-1.7e308", "1.5e-323", "1e-7", "2.5e-6"};
	for (size_t i = 0; i < sizeof(FIGURES) / sizeof(FIGURES[0]); i++) {
		struct fixture *f = *state;
		_cleanup_strbuf_ struct strbuf picture = {0};
		take(f, (int64_t)i * 1000, EVENT_SAMPLE,
		     arena_printf(f->arena, "{\"sampler\":\"workload\",\"values\":{\"commits_per_s\":%s}}", FIGURES[i]));
		draw(f, &picture, "transactions", 10000);
		expect_part(&picture, "</svg>");
		assert_in_range(picture.length, 1, 10000);
		series_close(f->set);
		f->set = series_open();
	}
}

static void latencies_stand_on_a_logarithmic_scale_with_the_limit(void **state)
{
	struct fixture *f = *state;
	_cleanup_strbuf_ struct strbuf picture = {0};
	take(f, 0, EVENT_SAMPLE, "{\"sampler\":\"latency\",\"values\":{\"count\":50,\"p50_us\":120,\"most_us\":900000,"
	                         "\"before\":{\"p99_us\":800}}}");
	draw(f, &picture, "latency", 1000);
	for (size_t i = 0; i < 5; i++) {
		static const char *const LEVELS[] = {">100 us<", ">1.00 ms<", ">10.0 ms<", ">100 ms<", ">1.00 s<"};
		expect_part(&picture, LEVELS[i]);
	}
	expect_part(&picture, "<title>p99 before: 800 us</title>");
}

static void a_far_limit_does_not_make_the_rest_flat(void **state)
{
	struct fixture *f = *state;
	_cleanup_strbuf_ struct strbuf picture = {0};
	take(f, 0, EVENT_SAMPLE, "{\"sampler\":\"connections\",\"values\":{\"used\":7,\"usable\":97,\"states\":{}}}");
	draw(f, &picture, "connections", 1000);
	assert_null(strstr(strbuf_text(&picture), "class=\"limit\""));
	take(f, 500, EVENT_SAMPLE, "{\"sampler\":\"connections\",\"values\":{\"used\":60,\"usable\":97,\"states\":{}}}");
	strbuf_reset(&picture);
	draw(f, &picture, "connections", 1000);
	expect_part(&picture, "<title>usable: 97</title>");
}

static void what_was_at_work_and_what_went_wrong_can_be_pointed_at(void **state)
{
	struct fixture *f = *state;
	_cleanup_strbuf_ struct strbuf picture = {0};
	take(f, 0, EVENT_GATE, "{\"gate\":\"apply\",\"state\":\"running\"}");
	take(f, 0, EVENT_SAMPLE, "{\"sampler\":\"locks\",\"values\":{\"waiting\":2}}");
	take(f, 1000, EVENT_STEP,
	     "{\"version\":\"002\",\"step\":1,\"statement\":1,\"phase\":\"begin\",\"gate\":\"apply\"}");
	take(f, 2000, EVENT_LOG, "{\"level\":\"warning\",\"message\":\"a <b>&\\u202e\"}");
	take(f, 6000, EVENT_STEP, "{\"version\":\"002\",\"step\":1,\"phase\":\"end\",\"gate\":\"apply\"}");
	draw(f, &picture, "waiting", 10000);
	expect_part(&picture, "<title>002: committed, 5.0 s</title>");
	expect_part(&picture, ">002</text>");
	expect_part(&picture, "<title>0:02: a &lt;b&gt;&amp;&lt;U+202E&gt;</title>");
}

static void spans_have_a_bar_each_and_open_ones_reach_the_end(void **state)
{
	struct fixture *f = *state;
	_cleanup_strbuf_ struct strbuf picture = {0};
	static const struct series_span SPANS[] = {
		{.name = "backup", .begin_ms = 1767225600000, .end_ms = 1767225602000, .state = "passed"},
		{.name = "apply", .begin_ms = 1767225602000, .state = "running"},
	};
	chart_spans(&picture, f->arena, SPANS, 2, BEGIN_MS, BEGIN_MS + 10000);
	expect_part(&picture, "<title>backup: passed, 2.0 s</title>");
	expect_part(&picture, "<title>apply: running, 8.0 s</title>");
}

static void shares_of_latencies_stand_side_by_side(void **state)
{
	struct fixture *f = *state;
	_cleanup_strbuf_ struct strbuf picture = {0};
	struct chart_phase *phases = arena_alloc(f->arena, 2 * sizeof(*phases));
	chart_latency(&picture, f->arena, phases, 2);
	assert_int_equal(picture.length, 0);
	phases[0].name = "before";
	phases[1].name = "during";
	for (int i = 0; i < 999; i++)
		histogram_record(&phases[0].latency, 130);
	histogram_record(&phases[0].latency, 300);
	histogram_record(&phases[1].latency, 1500000);
	chart_latency(&picture, f->arena, phases, 2);
	expect_part(&picture, "<title>before: over 99% took 128 us to 256 us</title>");
	expect_part(&picture, "<title>before: under 1% took 256 us to 512 us</title>");
	expect_part(&picture, "<title>during: 100% took 1.05 s to 2.10 s</title>");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_figure_holds_until_the_next_and_a_gap_is_left_open, set_up, tear_down),
		cmocka_unit_test_setup_teardown(no_figure_is_so_large_or_small_that_its_scale_has_no_end, set_up, tear_down),
		cmocka_unit_test_setup_teardown(latencies_stand_on_a_logarithmic_scale_with_the_limit, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_far_limit_does_not_make_the_rest_flat, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_was_at_work_and_what_went_wrong_can_be_pointed_at, set_up, tear_down),
		cmocka_unit_test_setup_teardown(spans_have_a_bar_each_and_open_ones_reach_the_end, set_up, tear_down),
		cmocka_unit_test_setup_teardown(shares_of_latencies_stand_side_by_side, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
