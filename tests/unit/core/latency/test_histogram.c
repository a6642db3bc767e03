#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/strbuf.h"
#include "core/latency/histogram.h"

static void an_empty_histogram_has_no_values(void **state)
{
	(void)state;
	struct histogram histogram = {0};
	struct histogram_row rows[HISTOGRAM_ROWS];

	assert_int_equal(histogram_percentile(&histogram, 0.5), 0);
	assert_true(histogram_mean(&histogram) == 0);
	assert_int_equal(histogram_rows(&histogram, rows), 0);
	assert_int_equal(histogram_over(&histogram, 1), 0);
}

/* 1..100 us: rank ceil(p * 100), each value in a cell of its own. */
static void percentiles_of_small_values_are_exact(void **state)
{
	(void)state;
	struct histogram histogram = {0};

	for (int64_t value = 100; value >= 1; value--)
		histogram_record(&histogram, value);
	for (int64_t percent = 1; percent <= 100; percent++)
		assert_int_equal(histogram_percentile(&histogram, (double)percent / 100), percent);
	assert_int_equal(histogram_percentile(&histogram, 0), 1);
	assert_int_equal(histogram_percentile(&histogram, 0.001), 1);
	assert_int_equal(histogram_percentile(&histogram, 0.991), 100);
	assert_true(histogram_mean(&histogram) == 50.5);
	assert_int_equal(histogram.count, 100);
	assert_int_equal(histogram.most_us, 100);
	assert_int_equal(histogram.least_us, 1);
}

/* 999 of 1 ms and one of 2 s: p99.9 is 1 ms, which lies in the cell 1000..1003 (512 and up: 4 us wide). */
static void one_slow_value_is_the_tail(void **state)
{
	(void)state;
	struct histogram histogram = {0};

	for (size_t i = 0; i < 999; i++)
		histogram_record(&histogram, 1000);
	histogram_record(&histogram, 2000000);
	assert_int_equal(histogram_percentile(&histogram, 0.5), 1003);
	assert_int_equal(histogram_percentile(&histogram, 0.999), 1003);
	assert_int_equal(histogram_percentile(&histogram, 0.9991), 2000000);
	assert_true(histogram_mean(&histogram) == (999 * 1000.0 + 2000000.0) / 1000);
}

static void no_value_is_told_more_than_one_percent_wrong(void **state)
{
	(void)state;
	for (int64_t value = 1; value < HISTOGRAM_MOST_US; value += 1 + value / 331) {
		struct histogram histogram = {0};
		histogram_record(&histogram, value);
		histogram_record(&histogram, HISTOGRAM_MOST_US);
		int64_t told = histogram_percentile(&histogram, 0.5);
		if (told < value || (told - value) * 100 > value)
			fail_msg("%lld is told as %lld", (long long)value, (long long)told);
	}
}

static void what_lies_outside_is_counted_at_the_edge(void **state)
{
	(void)state;
	struct histogram histogram = {0};

	histogram_record(&histogram, -5);
	histogram_record(&histogram, 0);
	histogram_record(&histogram, 2 * HISTOGRAM_MOST_US);
	assert_int_equal(histogram.count, 3);
	assert_int_equal(histogram.cells[1], 2);
	assert_int_equal(histogram.least_us, 0);
	assert_int_equal(histogram.most_us, 2 * HISTOGRAM_MOST_US);
	assert_int_equal(histogram_percentile(&histogram, 1), 2 * HISTOGRAM_MOST_US);
}

/* One of 100 us where one was due every 10: 100, 90, 80, ... 10 would have been seen. */
static void omitted_values_are_put_back(void **state)
{
	(void)state;
	struct histogram histogram = {0};

	histogram_record_corrected(&histogram, 100, 10);
	assert_int_equal(histogram.count, 10);
	for (size_t value = 10; value <= 100; value += 10)
		assert_int_equal(histogram.cells[value], 1);
	assert_true(histogram_mean(&histogram) == 55);
	assert_int_equal(histogram.least_us, 10);
	assert_int_equal(histogram.most_us, 100);
}

static void a_value_within_its_interval_omits_nothing(void **state)
{
	(void)state;
	struct histogram histogram = {0};

	histogram_record_corrected(&histogram, 10, 10);
	histogram_record_corrected(&histogram, 19, 10);
	histogram_record_corrected(&histogram, 5000, 0);
	assert_int_equal(histogram.count, 3);
}

/* Against the definition, one by one, over many cells. */
static void correction_by_cells_equals_correction_by_values(void **state)
{
	(void)state;
	static const int64_t CASES[][2] = {{1000000, 7}, {65537, 100}, {3000000, 999999}, {12345678, 1234}, {257, 1}};

	for (size_t i = 0; i < sizeof(CASES) / sizeof(*CASES); i++) {
		struct histogram fast = {0}, plain = {0};
		histogram_record_corrected(&fast, CASES[i][0], CASES[i][1]);
		for (int64_t value = CASES[i][0]; value == CASES[i][0] || value >= CASES[i][1]; value -= CASES[i][1])
			histogram_record(&plain, value);
		assert_memory_equal(&fast, &plain, sizeof(fast));
	}
}

/* A server that stood for a second under 1,000 a second: half of that second's values waited over 500 ms. */
static void a_standstill_shows_in_the_corrected_tail_only(void **state)
{
	(void)state;
	struct histogram raw = {0}, corrected = {0};

	for (size_t i = 0; i < 9000; i++) {
		histogram_record(&raw, 100);
		histogram_record_corrected(&corrected, 100, 1000);
	}
	histogram_record(&raw, 1000000);
	histogram_record_corrected(&corrected, 1000000, 1000);
	assert_int_equal(histogram_percentile(&raw, 0.99), 100);
	assert_int_equal(corrected.count, 10000);
	/* Rank 9900 of 10000 is the 900th of 1 ms, 2 ms, ... 1000 ms. */
	assert_in_range(histogram_percentile(&corrected, 0.99), 900000, 909000);
	assert_int_equal(histogram_over(&raw, 500000), 1);
	assert_in_range(histogram_over(&corrected, 500000), 495, 500);
}

static void merging_adds_all_figures(void **state)
{
	(void)state;
	struct histogram both = {0}, one = {0}, other = {0}, empty = {0};

	for (int64_t value = 1; value < 2000000; value += 777) {
		histogram_record(&both, value);
		histogram_record(value % 2 ? &one : &other, value);
	}
	histogram_merge(&one, &other);
	histogram_merge(&one, &empty);
	assert_memory_equal(&one, &both, sizeof(one));
	histogram_merge(&empty, &both);
	assert_memory_equal(&empty, &both, sizeof(empty));
	histogram_clear(&one);
	assert_int_equal(one.count, 0);
	assert_int_equal(histogram_percentile(&one, 1), 0);
}

/* 5 is in 4..7, 300 in 256..511, 256 too; the rows between are there and empty: 8, 16, 32, 64, 128. */
static void rows_double(void **state)
{
	(void)state;
	struct histogram histogram = {0};
	struct histogram_row rows[HISTOGRAM_ROWS];

	histogram_record(&histogram, 5);
	histogram_record(&histogram, 256);
	histogram_record(&histogram, 300);
	assert_int_equal(histogram_rows(&histogram, rows), 7);
	assert_int_equal(rows[0].low_us, 4);
	assert_int_equal(rows[0].high_us, 8);
	assert_int_equal(rows[0].count, 1);
	assert_int_equal(rows[3].count, 0);
	assert_int_equal(rows[6].low_us, 256);
	assert_int_equal(rows[6].count, 2);
	histogram_record(&histogram, 1);
	histogram_record(&histogram, HISTOGRAM_MOST_US);
	assert_int_equal(histogram_rows(&histogram, rows), HISTOGRAM_ROWS);
	assert_int_equal(rows[HISTOGRAM_ROWS - 1].low_us, INT64_C(2147483648));
	assert_int_equal(rows[HISTOGRAM_ROWS - 1].count, 1);
}

/* 300 is the 22nd of the cells of 2 us that begin with 256: 256 + (300 - 256) / 2 = 278. */
static void json_has_gaps_and_counts(void **state)
{
	(void)state;
	struct histogram histogram = {0};
	_cleanup_strbuf_ struct strbuf text = {0};

	histogram_record(&histogram, 5);
	histogram_record(&histogram, 300);
	histogram_record(&histogram, 300);
	_cleanup_json_ struct json *value = histogram_json(&histogram);
	json_write(&text, value);
	assert_string_equal(strbuf_text(&text), "{\"count\":3,\"least_us\":5,\"most_us\":300,\"sum_us\":605,"
	                                        "\"cells\":[5,1,273,2]}");
}

static void percentiles_are_told_only_where_something_was_measured(void **state)
{
	(void)state;
	_cleanup_json_ struct json *none = json_new_object(), *some = json_new_object();
	_cleanup_strbuf_ struct strbuf text = {0};
	struct histogram histogram = {0};

	histogram_set_percentiles(&histogram, none);
	json_write(&text, none);
	assert_string_equal(strbuf_text(&text), "{}");
	histogram_record(&histogram, 5);
	histogram_record(&histogram, 7);
	histogram_set_percentiles(&histogram, some);
	strbuf_reset(&text);
	json_write(&text, some);
	assert_string_equal(strbuf_text(&text), "{\"p50_us\":5,\"p99_us\":7,\"most_us\":7}");
}

static void json_comes_back_as_it_was(void **state)
{
	(void)state;
	struct histogram before = {0}, after = {0};

	for (int64_t value = 1; value < HISTOGRAM_MOST_US; value += 1 + value / 50)
		histogram_record(&before, value);
	histogram_record(&before, HISTOGRAM_MOST_US);
	_cleanup_json_ struct json *value = histogram_json(&before);
	assert_true(histogram_read(value, &after));
	assert_memory_equal(&before, &after, sizeof(before));
}

static void json_that_is_no_histogram_is_refused(void **state)
{
	(void)state;
	static const char *const TEXTS[] = {
		"[]",
		"{}",
		"{\"count\":1,\"least_us\":1,\"most_us\":1,\"sum_us\":1}",
		"{\"count\":1,\"least_us\":1,\"most_us\":1,\"sum_us\":1,\"cells\":[1]}",
		"{\"count\":2,\"least_us\":1,\"most_us\":1,\"sum_us\":1,\"cells\":[1,1]}",
		"{\"count\":1,\"least_us\":1,\"most_us\":1,\"sum_us\":1,\"cells\":[99999,1]}",
		"{\"count\":1,\"least_us\":1,\"most_us\":1,\"sum_us\":1,\"cells\":[-1,1]}",
		"{\"count\":0,\"least_us\":1,\"most_us\":1,\"sum_us\":1,\"cells\":[1,-1,1,1]}",
		"{\"count\":1,\"least_us\":2,\"most_us\":1,\"sum_us\":1,\"cells\":[1,1]}",
	};
	struct histogram histogram = {.count = 42};

	for (size_t i = 0; i < sizeof(TEXTS) / sizeof(*TEXTS); i++) {
		_cleanup_json_ struct json *value = NULL;
		_cleanup_error_ struct error err = {0};
		assert_int_equal(json_parse(TEXTS[i], strlen(TEXTS[i]), &value, &err), OK);
		if (histogram_read(value, &histogram))
			fail_msg("%s was read", TEXTS[i]);
		assert_int_equal(histogram.count, 42);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_histogram_has_no_values),
		cmocka_unit_test(percentiles_of_small_values_are_exact),
		cmocka_unit_test(one_slow_value_is_the_tail),
		cmocka_unit_test(no_value_is_told_more_than_one_percent_wrong),
		cmocka_unit_test(what_lies_outside_is_counted_at_the_edge),
		cmocka_unit_test(omitted_values_are_put_back),
		cmocka_unit_test(a_value_within_its_interval_omits_nothing),
		cmocka_unit_test(correction_by_cells_equals_correction_by_values),
		cmocka_unit_test(a_standstill_shows_in_the_corrected_tail_only),
		cmocka_unit_test(merging_adds_all_figures),
		cmocka_unit_test(rows_double),
		cmocka_unit_test(json_has_gaps_and_counts),
		cmocka_unit_test(percentiles_are_told_only_where_something_was_measured),
		cmocka_unit_test(json_comes_back_as_it_was),
		cmocka_unit_test(json_that_is_no_histogram_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
