#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/event/event.h"
#include "core/flow/gate.h"

#define HEAD(type) "{\"v\":1,\"seq\":7,\"ts\":\"2026-01-01T00:00:00.000Z\",\"run\":\"r\",\"type\":\"" type "\","
#define TARGET                                                                               \
	"\"target\":{\"system_identifier\":\"7\",\"timeline\":\"1\",\"database_oid\":\"5\"," \
	"\"database\":\"app\",\"environment\":\"PROD\",\"server_version\":\"15.20\"}"

/* One right line of each type with all of its fields, in table order. */
static const char *const RIGHT[EVENT_TYPE_COUNT] = {
	[EVENT_RUN] = HEAD("run") "\"command\":\"batch\"," TARGET
                                  ",\"environment\":\"PROD\",\"plan_id\":\"1a\",\"tool_version\":\"0.1.0\"}",
	[EVENT_PLAN] = HEAD("plan") "\"plan_id\":\"1a\"," TARGET
                                    ",\"migrations\":[{\"version\":\"002\",\"name\":\"b\",\"state\":\"pending\","
                                    "\"transaction\":\"mixed\",\"requires\":[{\"version\":\"001\",\"reason\":"
                                    "\"declared\"}],\"steps\":[{\"transactional\":false,\"reason\":\"c\","
                                    "\"statements\":[{\"tag\":\"CREATE INDEX\",\"line\":3,\"locks\":[{"
                                    "\"relation\":\"t\",\"mode\":\"SHARE\"}]}]}]}]}",
	[EVENT_GATE] = HEAD("gate") "\"gate\":\"backup\",\"state\":\"failed\",\"reason\":\"r\",\"hint\":\"h\","
                                    "\"valid_until\":\"2026-01-02T00:00:00.000Z\"}",
	[EVENT_EVIDENCE] = HEAD("evidence") "\"gate\":\"backup\",\"check\":\"backup.content\",\"measured\":\"1\","
                                            "\"limit\":\"0\",\"ok\":false}",
	[EVENT_STEP] = HEAD("step") "\"version\":\"002\",\"step\":1,\"statement\":3,\"phase\":\"end\",\"file\":\"f\","
                                    "\"line\":4,\"duration_ms\":5,\"locks\":[{\"relation\":\"public.t\",\"mode\":"
                                    "\"ACCESS EXCLUSIVE\"}],\"error\":\"e\"}",
	[EVENT_SAMPLE] = HEAD("sample") "\"sampler\":\"dump\",\"values\":{\"done_bytes\":1}}",
	[EVENT_LOG] = HEAD("log") "\"level\":\"warning\",\"message\":\"m\"}",
	[EVENT_ERROR] = HEAD("error") "\"code\":\"refused\",\"sqlstate\":\"42P01\",\"message\":\"m\",\"detail\":\"d\","
                                      "\"hint\":\"h\",\"file\":\"f\",\"line\":1,\"column\":2}",
	[EVENT_END] = HEAD("end") "\"exit\":12,\"reason\":\"approval missing\",\"report\":\"/r.md\"}",
	[EVENT_REQUEST] = HEAD("request") "\"request\":\"approve\",\"accepted\":false,\"refused\":\"f\","
                                          "\"unknown\":\"n\",\"user\":\"u\","
                                          "\"uid\":0,\"pid\":9,\"plan_id\":\"1a\",\"action\":\"cancel\","
                                          "\"backend_pid\":12,"
                                          "\"backend_start\":\"2026-01-01T00:00:00.000000Z\",\"name\":\"reader\","
                                          "\"session\":\"s\",\"reason\":\"r\"}",
	[EVENT_ENGINE] = HEAD("engine") "\"pid\":9,\"command\":\"batch\",\"state\":\"waiting\",\"gate\":\"backup\","
                                        "\"attended\":true,\"viewers\":2,\"tool_version\":\"0.1.0\"}",
	[EVENT_EXPLAIN] = HEAD("explain") "\"name\":\"by source\",\"fingerprint\":\"02a281c251c3a43d\",\"sql\":"
                                          "\"select $1\",\"on\":\"copy\",\"phase\":\"after\",\"plan\":{\"Plan\":{"
                                          "\"Node Type\":\"Result\"}},\"shape\":\"9f3c\",\"verdict\":\"v\","
                                          "\"outcome\":\"over-budget\",\"reason\":\"r\",\"p95_us\":60,"
                                          "\"budget_ms\":2000,\"changes\":[\"c\"]}",
	[EVENT_GUARD] = HEAD("guard") "\"version\":\"002\",\"step\":1,\"limit\":\"guard-wait\",\"message\":\"m\","
                                      "\"waiting\":3}",
};

static bool not_of_the_head(const char *key, const struct json *value, void *fields)
{
	static const char *const HEADS[] = {"v", "seq", "ts", "run", "type"};
	for (size_t i = 0; i < sizeof(HEADS) / sizeof(HEADS[0]); i++)
		if (strcmp(key, HEADS[i]) == 0)
			return true;
	json_set(fields, key, json_clone(value));
	return true;
}

static void every_type_decodes_and_encodes_to_the_same_line(void **state)
{
	(void)state;
	for (enum event_type type = 0; type < EVENT_TYPE_COUNT; type++) {
		_cleanup_error_ struct error err = {0};
		_cleanup_json_ struct json *event = NULL;
		_cleanup_json_ struct json *fields = json_new_object();
		_cleanup_strbuf_ struct strbuf line = {0};
		enum event_type found;
		if (event_decode(RIGHT[type], strlen(RIGHT[type]), &found, &event, &err))
			fail_msg("%s: %s", event_get(type)->name, err.message);
		assert_int_equal(found, type);
		json_each(event, not_of_the_head, fields);
		event_encode(&line, type, 7, "2026-01-01T00:00:00.000Z", "r", fields);
		assert_string_equal(strbuf_text(&line), RIGHT[type]);
	}
}

static void the_fields_are_those_of_the_contract(void **state)
{
	static const char *const FIELDS[EVENT_TYPE_COUNT] = {
		[EVENT_RUN] = "command target environment plan_id tool_version",
		[EVENT_PLAN] = "plan_id target migrations",
		[EVENT_GATE] = "gate state reason hint valid_until",
		[EVENT_EVIDENCE] = "gate check measured limit ok warning waived hint",
		[EVENT_STEP] = "version step statement phase file line duration_ms locks error gate sql rows",
		[EVENT_SAMPLE] = "sampler values",
		[EVENT_LOG] = "level message",
		[EVENT_ERROR] = "code sqlstate message detail hint file line column",
		[EVENT_REQUEST] = ("request accepted refused unknown user uid pid gate plan_id check to action backend_pid "
				   "backend_start name session reason"),
		[EVENT_END] = "exit reason report attach",
		[EVENT_ENGINE] = "pid command state gate goal attended target environment viewers tool_version",
		[EVENT_EXPLAIN] =
			"name fingerprint sql on phase plan shape verdict outcome reason p95_us budget_ms changes error",
		[EVENT_GUARD] = "version step limit message waiting",
	};
	(void)state;
	for (enum event_type type = 0; type < EVENT_TYPE_COUNT; type++) {
		_cleanup_strbuf_ struct strbuf names = {0};
		const struct event_row *row = event_get(type);
		for (size_t i = 0; i < row->field_count; i++)
			strbuf_printf(&names, "%s%s", i ? " " : "", row->fields[i].name);
		assert_string_equal(strbuf_text(&names), FIELDS[type]);
	}
}

static void a_wrong_line_is_refused_by_its_field(void **state)
{
	static const struct {
		const char *line, *message;
	} CASES[] = {
		{"7", "an event line must be an object"},
		{"{\"v\":1}", "event \"?\": field \"seq\" is missing"},
		{HEAD("tea") "\"cups\":1}", "event \"?\": field \"type\" must be one of run, plan, gate, evidence, step, "
	                                    "sample, log, error, request, end, engine, explain, guard"},
		{"{\"v\":2,\"seq\":1,\"ts\":\"2026-01-01T00:00:00.000Z\",\"run\":\"r\",\"type\":\"log\",\"level\":"
	         "\"info\",\"message\":\"m\"}",
	         "event \"log\": field \"v\" must be 1"},
		{"{\"v\":1,\"seq\":0,\"ts\":\"2026-01-01T00:00:00.000Z\",\"run\":\"r\",\"type\":\"log\",\"level\":"
	         "\"info\",\"message\":\"m\"}",
	         "event \"log\": field \"seq\" must be 1 or more"},
		{"{\"v\":1,\"seq\":1,\"ts\":\"yesterday\",\"run\":\"r\",\"type\":\"log\",\"level\":\"info\",\"message\":"
	         "\"m\"}",
	         "event \"log\": field \"ts\" must be a time in UTC as in 2026-01-01T00:00:00.000Z"},
		{HEAD("run") "\"command\":\"batch\",\"target\":\"app\",\"tool_version\":\"0\"}",
	         "event \"run\": field \"target\" must be an object"},
		{HEAD("run") "\"command\":\"batch\",\"target\":{\"host\":\"db\"},\"tool_version\":\"0\"}",
	         "event \"run\": field \"target.host\" is unknown"},
		{HEAD("plan") "\"plan_id\":\"1a\"," TARGET ",\"migrations\":[{\"version\":2}]}",
	         "event \"plan\": field \"migrations[0].version\" must be a text"},
		{HEAD("plan") "\"plan_id\":\"1a\"," TARGET ",\"migrations\":[7]}",
	         "event \"plan\": field \"migrations[0]\" must be an object"},
		{HEAD("gate") "\"gate\":\"backup\",\"state\":\"open\"}",
	         "event \"gate\": field \"state\" must be one of waiting, running, passed, failed, stale, waived"},
		{HEAD("gate") "\"gate\":\"backup\",\"state\":\"passed\",\"hint\":null}",
	         "event \"gate\": field \"hint\" must be a text"},
		{HEAD("evidence") "\"gate\":\"backup\",\"check\":\"c\",\"measured\":\"1\",\"limit\":\"0\",\"ok\":1}",
	         "event \"evidence\": field \"ok\" must be true or false"},
		{HEAD("step") "\"version\":\"1\",\"step\":1.5,\"phase\":\"end\"}",
	         "event \"step\": field \"step\" must be an integer"},
		{HEAD("step") "\"version\":\"1\",\"step\":1,\"phase\":\"end\",\"locks\":{}}",
	         "event \"step\": field \"locks\" must be an array"},
		{HEAD("sample") "\"sampler\":\"dump\"}", "event \"sample\": field \"values\" is missing"},
		{HEAD("log") "\"level\":\"info\",\"message\":\"m\",\"colour\":\"red\"}",
	         "event \"log\": field \"colour\" is unknown"},
		{HEAD("error") "\"code\":\"bad_luck\",\"message\":\"m\"}",
	         "event \"error\": field \"code\" must be one of ok, internal, usage, pending, refused, gate_failed, "
	         "not_approved, not_ready, busy, lock_budget, unreachable, outside_window, in_doubt, "
	         "migration_failed, partial, unconfirmed, verify_failed, interrupted, terminated"},
		{HEAD("end") "\"exit\":\"0\",\"reason\":\"done\"}", "event \"end\": field \"exit\" must be an integer"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
		_cleanup_error_ struct error err = {0};
		struct json *untouched = NULL;
		enum event_type type;
		if (event_decode(CASES[i].line, strlen(CASES[i].line), &type, &untouched, &err) != FAIL_REFUSED)
			fail_msg("row %zu was accepted", i);
		assert_string_equal(err.message, CASES[i].message);
		assert_string_equal(err.hint, "The line was altered, or another version of pgsluice wrote it.");
		assert_null(untouched);
	}
}

static void what_is_no_json_is_refused(void **state)
{
	static const char *const CASES[] = {"", "{", "{\"v\":1,\"v\":1}", "{} {}", "\xff"};
	(void)state;
	for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
		_cleanup_error_ struct error err = {0};
		struct json *untouched = NULL;
		enum event_type type;
		if (event_decode(CASES[i], strlen(CASES[i]), &type, &untouched, &err) != FAIL_REFUSED)
			fail_msg("row %zu was accepted", i);
		assert_memory_equal(err.message, "invalid JSON: ", strlen("invalid JSON: "));
		assert_null(untouched);
	}
}

static void text_from_outside_is_made_safe_in_the_line(void **state)
{
	_cleanup_json_ struct json *fields = json_new_object();
	_cleanup_strbuf_ struct strbuf line = {0};
	struct json *values = json_new_object(), *names = json_new_array();
	(void)state;
	json_push_text(names, "a\x07"
	                      "b");
	json_set(values, "names", names);
	json_set_text(fields, "sampler", "x\x1b[2J");
	json_set(fields, "values", values);
	event_encode(&line, EVENT_SAMPLE, 7, "2026-01-01T00:00:00.000Z", "r", fields);
	assert_string_equal(strbuf_text(&line),
	                    HEAD("sample") "\"sampler\":\"x\xE2\x90\x9B[2J\",\"values\":{\"names\":[\"a\xE2\x90\x87"
	                                   "b\"]}}");
}

static void optional_fields_without_a_value_are_left_out(void **state)
{
	_cleanup_json_ struct json *fields = json_new_object();
	_cleanup_strbuf_ struct strbuf line = {0};
	(void)state;
	json_set_text(fields, "state", "passed");
	json_set_text(fields, "hint", NULL);
	json_set_text(fields, "gate", "inspect");
	event_encode(&line, EVENT_GATE, 7, "2026-01-01T00:00:00.000Z", "r", fields);
	assert_string_equal(strbuf_text(&line), HEAD("gate") "\"gate\":\"inspect\",\"state\":\"passed\"}");
}

static void a_document_brings_its_own_version(void **state)
{
	_cleanup_json_ struct json *fields = NULL;
	_cleanup_error_ struct error err = {0};
	_cleanup_strbuf_ struct strbuf line = {0};
	static const char DOCUMENT[] = "{\"v\":1,\"plan_id\":\"1a\"," TARGET ",\"migrations\":[]}";
	(void)state;
	assert_int_equal(json_parse(DOCUMENT, strlen(DOCUMENT), &fields, &err), OK);
	event_encode(&line, EVENT_PLAN, 7, "2026-01-01T00:00:00.000Z", "r", fields);
	assert_string_equal(strbuf_text(&line), HEAD("plan") "\"plan_id\":\"1a\"," TARGET ",\"migrations\":[]}");
}

static const char *const *words_of(enum event_type type, const char *field)
{
	const struct event_row *row = event_get(type);
	for (size_t i = 0; i < row->field_count; i++)
		if (strcmp(row->fields[i].name, field) == 0)
			return row->fields[i].words;
	return NULL;
}

static void words_are_those_of_the_gate_and_status_tables(void **state)
{
	const char *const *gates = words_of(EVENT_GATE, "gate"), *const *states = words_of(EVENT_GATE, "state");
	const char *const *codes = words_of(EVENT_ERROR, "code");
	(void)state;
	for (enum gate gate = 0; gate < GATE_COUNT; gate++)
		assert_string_equal(gates[gate], gate_get(gate)->name);
	assert_null(gates[GATE_COUNT]);
	for (enum gate_state each = GATE_WAITING; each <= GATE_WAIVED; each++)
		assert_string_equal(states[each], gate_state_name(each));
	assert_null(states[GATE_WAIVED + 1]);
	for (enum status status = OK; status < STATUS_COUNT; status++)
		assert_string_equal(codes[status], status_get(status)->name);
	assert_null(codes[STATUS_COUNT]);
}

static void the_shipped_schema_is_that_of_the_table(void **state)
{
	static const char PATH[] = SOURCE_FOLDER "/share/event.schema.json";
	_cleanup_json_ struct json *schema = event_schema();
	_cleanup_strbuf_ struct strbuf expected = {0}, shipped = {0};
	char piece[4096];
	(void)state;

	json_write_pretty(&expected, schema);
	strbuf_putc(&expected, '\n');
	FILE *file = fopen(PATH, "r");
	if (!file)
		fail_msg("%s is not there: make update-event-schema", PATH);
	for (size_t length; (length = fread(piece, 1, sizeof(piece), file)) > 0;)
		strbuf_add(&shipped, piece, length);
	fclose(file);
	if (strcmp(strbuf_text(&shipped), strbuf_text(&expected)) != 0)
		fail_msg("%s differs from the event table: make update-event-schema", PATH);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_type_decodes_and_encodes_to_the_same_line),
		cmocka_unit_test(the_fields_are_those_of_the_contract),
		cmocka_unit_test(a_wrong_line_is_refused_by_its_field),
		cmocka_unit_test(what_is_no_json_is_refused),
		cmocka_unit_test(text_from_outside_is_made_safe_in_the_line),
		cmocka_unit_test(optional_fields_without_a_value_are_left_out),
		cmocka_unit_test(a_document_brings_its_own_version),
		cmocka_unit_test(words_are_those_of_the_gate_and_status_tables),
		cmocka_unit_test(the_shipped_schema_is_that_of_the_table),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
