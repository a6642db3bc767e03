#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "core/event/request.h"
#include "core/event/table.h"

/* One right line of each request with all of its fields, in table order. */
static const char *const RIGHT[REQUEST_TYPE_COUNT] = {
	[REQUEST_START] = "{\"v\":1,\"request\":\"start\"}",
	[REQUEST_RUN] = "{\"v\":1,\"request\":\"run\",\"gate\":\"approval\"}",
	[REQUEST_APPROVE] = "{\"v\":1,\"request\":\"approve\",\"plan_id\":\"1a\",\"database\":\"app\",\"reason\":\"r\"}",
	[REQUEST_WAIVE] = "{\"v\":1,\"request\":\"waive\",\"check\":\"inspect.drift\",\"reason\":\"r\"}",
	[REQUEST_CANCEL] = "{\"v\":1,\"request\":\"cancel\"}",
	[REQUEST_PAUSE] = "{\"v\":1,\"request\":\"pause\"}",
	[REQUEST_CONTINUE] = "{\"v\":1,\"request\":\"continue\"}",
	[REQUEST_ROLLBACK] = "{\"v\":1,\"request\":\"rollback\",\"to\":\"004\"}",
	[REQUEST_EXPLAIN] =
		"{\"v\":1,\"request\":\"explain\",\"sql\":\"SELECT 1\",\"on\":\"live\",\"analyze\":true,\"confirm\":\"app\"}",
	[REQUEST_PULL_BACK] = "{\"v\":1,\"request\":\"pull-back\"}",
	[REQUEST_SIGNAL] = ("{\"v\":1,\"request\":\"signal\",\"action\":\"terminate\",\"backend_pid\":12,\"backend_start\":"
			   "\"2026-01-01T00:00:00.000000Z\",\"name\":\"reader\",\"reason\":\"r\"}"),
	[REQUEST_QUIT] = "{\"v\":1,\"request\":\"quit\",\"force\":true}",
};

static bool of_the_request(const char *key, const struct json *value, void *fields)
{
	if (strcmp(key, "v") != 0 && strcmp(key, "request") != 0)
		json_set(fields, key, json_clone(value));
	return true;
}

static void every_request_decodes_and_encodes_to_the_same_line(void **state)
{
	(void)state;
	for (enum request_type type = 0; type < REQUEST_TYPE_COUNT; type++) {
		_cleanup_error_ struct error err = {0};
		_cleanup_json_ struct json *request = NULL, *fields = json_new_object();
		_cleanup_strbuf_ struct strbuf line = {0};
		enum request_type found;
		if (request_decode(RIGHT[type], strlen(RIGHT[type]), &found, &request, &err))
			fail_msg("%s: %s", request_get(type)->name, err.message);
		assert_int_equal(found, type);
		json_each(request, of_the_request, fields);
		request_encode(&line, type, fields);
		assert_string_equal(strbuf_text(&line), RIGHT[type]);
	}
}

static void the_words_of_the_event_are_the_requests(void **state)
{
	size_t count = 0;
	(void)state;
	while (EVENT_REQUESTS[count])
		count++;
	assert_int_equal(count, REQUEST_TYPE_COUNT);
	for (enum request_type type = 0; type < REQUEST_TYPE_COUNT; type++)
		assert_string_equal(EVENT_REQUESTS[type], request_get(type)->name);
}

static void a_wrong_request_is_refused_by_its_field(void **state)
{
	static const struct {
		const char *line, *message;
	} CASES[] = {
		{"7", "a request must be an object"},
		{"{\"v\":1}", "request \"?\": field \"request\" is missing"},
		{"{\"v\":2,\"request\":\"pause\"}", "request \"pause\": field \"v\" must be 1"},
		{"{\"request\":\"pause\"}", "request \"pause\": field \"v\" is missing"},
		{"{\"v\":1,\"request\":\"dance\"}", "request \"?\": field \"request\" must be one of start, run, approve, "
	                                            "waive, cancel, pause, continue, rollback, explain, pull-back, "
	                                            "signal, quit"},
		{"{\"v\":1,\"request\":\"pause\",\"for\":3}", "request \"pause\": field \"for\" is unknown"},
		{"{\"v\":1,\"request\":\"run\",\"gate\":\"all\"}",
	         "request \"run\": field \"gate\" must be one of inspect, backup, rehearsal, plans, preflight, "
	         "approval, apply, verify"},
		{"{\"v\":1,\"request\":\"approve\",\"plan_id\":\"1a\"}", "request \"approve\": field \"database\" is missing"},
		{"{\"v\":1,\"request\":\"explain\",\"sql\":\"SELECT 1\",\"on\":\"moon\"}",
	         "request \"explain\": field \"on\" must be one of copy, live"},
		{"{\"v\":1,\"request\":\"signal\",\"action\":\"kill\",\"backend_pid\":1}",
	         "request \"signal\": field \"action\" must be one of cancel, terminate"},
		{"{\"v\":1,\"request\":\"signal\",\"action\":\"cancel\",\"backend_pid\":1,\"name\":\"a\"}",
	         "request \"signal\": field \"backend_start\" is missing"},
		{"{\"v\":1,\"request\":\"quit\",\"force\":1}", "request \"quit\": field \"force\" must be true or false"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
		_cleanup_error_ struct error err = {0};
		struct json *request = NULL;
		enum request_type type;
		enum status status = request_decode(CASES[i].line, strlen(CASES[i].line), &type, &request, &err);
		assert_int_equal(status, FAIL_REFUSED);
		assert_string_equal(err.message, CASES[i].message);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_request_decodes_and_encodes_to_the_same_line),
		cmocka_unit_test(the_words_of_the_event_are_the_requests),
		cmocka_unit_test(a_wrong_request_is_refused_by_its_field),
	};
	return cmocka_run_group_tests_name("core/event/request", tests, NULL, NULL);
}
