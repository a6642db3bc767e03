#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "core/event/log_line.h"

#define RUN "01234567-89ab-cdef-0123-456789abcdef"
#define HEAD(level, event)                                                                          \
	"{\"ts\":\"2026-01-01T00:00:00.000Z\",\"level\":\"" level "\",\"run\":\"" RUN "\",\"seq\":7," \
	"\"event\":\"" event "\","

static const struct event_head HEAD = {.seq = 7, .ts = "2026-01-01T00:00:00.000Z", .run = RUN};

static struct json *read_fields(const char *text)
{
	_cleanup_error_ struct error err = {0};
	struct json *fields;
	if (json_parse(text, strlen(text), &fields, &err) != OK)
		fail_msg("%s: %s", text, err.message);
	return fields;
}

static void expect_line(enum log_form form, enum event_type type, const char *fields_text, const char *expected)
{
	_cleanup_strbuf_ struct strbuf line = {0};
	_cleanup_json_ struct json *fields = read_fields(fields_text);
	assert_true(event_fits(type, fields));
	log_line_write(&line, form, type, &HEAD, fields);
	assert_string_equal(strbuf_text(&line), expected);
}

static void each_fact_has_a_level_a_sentence_and_its_fields(void **state)
{
	static const struct {
		enum event_type type;
		const char *fields, *expected;
	} ROWS[] = {
		{EVENT_RUN,
		 "{\"command\":\"batch\",\"target\":{\"system_identifier\":\"73\",\"timeline\":\"1\",\"database_oid\":\"5\","
		 "\"database\":\"app\"},\"environment\":\"PROD\",\"tool_version\":\"0.1\"}",
		 HEAD("info", "run") "\"message\":\"batch on database app\",\"command\":\"batch\","
		 "\"target_system_identifier\":\"73\",\"target_timeline\":\"1\",\"target_database_oid\":\"5\","
		 "\"target_database\":\"app\",\"environment\":\"PROD\",\"tool_version\":\"0.1\"}"},
		{EVENT_GATE, "{\"gate\":\"backup\",\"state\":\"failed\",\"reason\":\"rows differ\"}",
		 HEAD("error", "gate") "\"message\":\"gate backup failed: rows differ\",\"gate\":\"backup\","
		 "\"state\":\"failed\",\"reason\":\"rows differ\"}"},
		{EVENT_EVIDENCE,
		 "{\"gate\":\"backup\",\"check\":\"backup.rows\",\"measured\":\"2\",\"limit\":\"0\",\"ok\":false}",
		 HEAD("error", "evidence") "\"message\":\"backup.rows does not hold: 2\",\"gate\":\"backup\","
		 "\"check\":\"backup.rows\",\"measured\":\"2\",\"limit\":\"0\",\"ok\":false}"},
		{EVENT_STEP,
		 "{\"version\":\"002\",\"step\":1,\"phase\":\"end\",\"duration_ms\":12,\"locks\":[{\"relation\":\"t\","
		 "\"mode\":\"SHARE\"}],\"gate\":\"apply\"}",
		 HEAD("info", "step") "\"message\":\"migration 002 is committed\",\"version\":\"002\",\"step\":1,"
		 "\"phase\":\"end\",\"duration_ms\":12,\"gate\":\"apply\"}"},
		{EVENT_STEP,
		 "{\"version\":\"002\",\"step\":1,\"statement\":3,\"phase\":\"begin\",\"sql\":\"SELECT 'x'\"}",
		 HEAD("debug", "step") "\"message\":\"migration 002, step 1, statement 3 begins\",\"version\":\"002\","
		 "\"step\":1,\"statement\":3,\"phase\":\"begin\"}"},
		{EVENT_SAMPLE, "{\"sampler\":\"latency\",\"values\":{\"p99_us\":812,\"phase\":\"before\",\"rows\":[[512,3]]}}",
		 HEAD("debug", "sample") "\"message\":\"sample of latency\",\"sampler\":\"latency\",\"values_p99_us\":812,"
		 "\"values_phase\":\"before\"}"},
		{EVENT_LOG, "{\"level\":\"notice\",\"message\":\"waits for a lock\"}",
		 HEAD("notice", "log") "\"message\":\"waits for a lock\"}"},
		{EVENT_ERROR, "{\"code\":\"busy\",\"message\":\"another run\",\"hint\":\"Wait.\"}",
		 HEAD("error", "error") "\"message\":\"another run\",\"code\":\"busy\",\"hint\":\"Wait.\"}"},
		{EVENT_REQUEST,
		 "{\"request\":\"cancel\",\"accepted\":true,\"user\":\"ann\",\"uid\":1000,\"pid\":12}",
		 HEAD("notice", "request") "\"message\":\"ann asked for cancel\",\"request\":\"cancel\",\"accepted\":true,"
		 "\"user\":\"ann\",\"uid\":1000,\"pid\":12}"},
		{EVENT_REQUEST,
		 "{\"request\":\"signal\",\"accepted\":true,\"user\":\"ann\",\"uid\":1000,\"pid\":12,\"action\":\"cancel\","
		 "\"backend_pid\":34}",
		 HEAD("notice", "request") "\"message\":\"ann asked for signal cancel of process 34\","
		 "\"request\":\"signal\",\"accepted\":true,\"user\":\"ann\",\"uid\":1000,\"pid\":12,"
		 "\"action\":\"cancel\",\"backend_pid\":34}"},
		{EVENT_GUARD,
		 "{\"version\":\"002\",\"step\":1,\"limit\":\"guard-wait\",\"message\":\"guard-wait: too long\",\"waiting\":3}",
		 HEAD("warning", "guard") "\"message\":\"migration 002, step 1 is pulled back, guard-wait: too long\","
		 "\"version\":\"002\",\"step\":1,\"limit\":\"guard-wait\",\"waiting\":3}"},
		{EVENT_END, "{\"exit\":0,\"reason\":\"done\"}",
		 HEAD("info", "end") "\"message\":\"the run ended with exit 0: done\",\"exit\":0,\"reason\":\"done\"}"},
		{EVENT_EXPLAIN,
		 "{\"name\":\"recent\",\"sql\":\"SELECT 1\",\"on\":\"copy\",\"phase\":\"after\",\"plan\":{},"
		 "\"outcome\":\"worse\",\"reason\":\"twice the pages\"}",
		 HEAD("warning", "explain") "\"message\":\"the plan of recent on copy is worse: twice the pages\","
		 "\"name\":\"recent\",\"on\":\"copy\",\"phase\":\"after\",\"outcome\":\"worse\","
		 "\"reason\":\"twice the pages\"}"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++)
		expect_line(LOG_FORM_JSON, ROWS[i].type, ROWS[i].fields, ROWS[i].expected);
}

static void a_plan_is_counted_and_not_listed(void **state)
{
	(void)state;
	expect_line(LOG_FORM_LOGFMT, EVENT_PLAN,
	            "{\"plan_id\":\"1a\",\"target\":{\"system_identifier\":\"73\",\"timeline\":\"1\","
	            "\"database_oid\":\"5\",\"database\":\"app\"},"
	            "\"migrations\":[{\"version\":\"1\",\"name\":\"a\",\"state\":\"applied\"},"
	            "{\"version\":\"2\",\"name\":\"b\",\"state\":\"pending\"}]}",
	            "ts=2026-01-01T00:00:00.000Z level=info run=" RUN " seq=7 event=plan "
	            "message=\"the plan has 2 migrations: 1 applied, 1 pending, 0 held\" plan_id=1a "
	            "target_system_identifier=73 target_timeline=1 target_database_oid=5 target_database=app");
}

static void logfmt_quotes_what_is_no_bare_word(void **state)
{
	(void)state;
	expect_line(LOG_FORM_LOGFMT, EVENT_ERROR,
	            "{\"code\":\"busy\",\"message\":\"a=\\\"b\\\"\",\"detail\":\"one\\ntwo\",\"hint\":\"\\u00e9t\\u00e9\","
	            "\"file\":\"\",\"line\":4}",
	            "ts=2026-01-01T00:00:00.000Z level=error run=" RUN " seq=7 event=error message=\"a=\\\"b\\\"\" "
	            "code=busy detail=\"one\\ntwo\" hint=\"\xc3\xa9t\xc3\xa9\" file=\"\" line=4");
}

static void hostile_text_stays_on_its_line(void **state)
{
	_cleanup_strbuf_ struct strbuf line = {0};
	_cleanup_json_ struct json *fields = json_new_object();
	(void)state;
	json_set_text(fields, "level", "warning");
	json_set_text(fields, "message", "a\x1b[2Jb\r\nlevel=error");
	log_line_write(&line, LOG_FORM_LOGFMT, EVENT_LOG, &HEAD, fields);
	assert_null(strpbrk(strbuf_text(&line), "\x1b\r\n"));
	assert_non_null(strstr(strbuf_text(&line), "level=warning run="));
}

static void the_head_is_read_from_the_line(void **state)
{
	_cleanup_strbuf_ struct strbuf line = {0};
	_cleanup_json_ struct json *fields = read_fields("{\"level\":\"info\",\"message\":\"m\"}");
	struct event_head head;
	(void)state;
	event_encode(&line, EVENT_LOG, 7, HEAD.ts, RUN, fields);
	assert_true(event_head_read(strbuf_text(&line), &head));
	assert_int_equal(head.seq, 7);
	assert_string_equal(head.ts, HEAD.ts);
	assert_string_equal(head.run, RUN);
	assert_false(event_head_read("{\"v\":2}", &head));
}

static void a_waived_check_is_a_warning_and_a_refused_request_too(void **state)
{
	_cleanup_json_ struct json *waived = read_fields("{\"ok\":false,\"waived\":\"known\"}");
	_cleanup_json_ struct json *refused = read_fields("{\"accepted\":false}");
	(void)state;
	assert_int_equal(log_line_level(EVENT_EVIDENCE, waived), LOG_WARNING);
	assert_int_equal(log_line_level(EVENT_REQUEST, refused), LOG_WARNING);
}

static void a_request_whose_outcome_nobody_knows_is_not_called_refused(void **state)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	_cleanup_json_ struct json *fields = read_fields(
		"{\"request\":\"signal\",\"accepted\":false,\"user\":\"ann\",\"action\":\"cancel\",\"backend_pid\":7,"
		"\"unknown\":\"No answer.\"}");
	(void)state;
	log_line_say(&text, EVENT_REQUEST, fields);
	assert_string_equal(strbuf_text(&text),
	                    "ann asked for signal cancel of process 7, the outcome is unknown: No answer.");
}

static void every_type_says_something(void **state)
{
	_cleanup_json_ struct json *fields = json_new_object();
	(void)state;
	for (enum event_type type = 0; type < EVENT_TYPE_COUNT; type++) {
		_cleanup_strbuf_ struct strbuf text = {0};
		if (type == EVENT_LOG || type == EVENT_ERROR)
			continue; /* their own message */
		log_line_say(&text, type, fields);
		assert_true(text.length > 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_fact_has_a_level_a_sentence_and_its_fields),
		cmocka_unit_test(a_plan_is_counted_and_not_listed),
		cmocka_unit_test(logfmt_quotes_what_is_no_bare_word),
		cmocka_unit_test(hostile_text_stays_on_its_line),
		cmocka_unit_test(the_head_is_read_from_the_line),
		cmocka_unit_test(every_type_says_something),
		cmocka_unit_test(a_waived_check_is_a_warning_and_a_refused_request_too),
		cmocka_unit_test(a_request_whose_outcome_nobody_knows_is_not_called_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
