#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"
#include "cli/command.h"
#include "cli/printer.h"

#define PLAN_ID "1a2b3c4d5e6f7a8b9c0d1e2f3a4b5c6d7e8f9a0b1c2d3e4f5a6b7c8d9e0f1a2b"
#define TARGET                                                                                               \
	"\"target\":{\"system_identifier\":\"7301\",\"timeline\":\"1\",\"database_oid\":\"16384\",\"database\":" \
	"\"app\",\"server_version\":\"15.20\"}"

struct fixture {
	struct printer printer;
	struct options options;
	char *out, *log;
	size_t out_length, log_length;
};

static int64_t now_ms;

static int64_t fake_clock(void)
{
	return now_ms;
}

static const struct command FLOW = {.name = ""};

static struct fixture *begin_test(bool terminal, bool json)
{
	static struct fixture fixture;
	fixture = (struct fixture){.options = {.command = &FLOW, .batch = true}};
	struct screen screen = {.out = open_memstream(&fixture.out, &fixture.out_length),
	                        .log = open_memstream(&fixture.log, &fixture.log_length),
	                        .terminal = terminal, .colour = terminal, .glyphs = terminal, .width = 40};
	printer_init(&fixture.printer, &screen, json, &fixture.options);
	fixture.printer.clock_ms = fake_clock;
	now_ms = 1;
	return &fixture;
}

static void end_test(struct fixture *f)
{
	fclose(f->printer.screen.out);
	fclose(f->printer.screen.log);
	free(f->out);
	free(f->log);
}

static void feed(struct fixture *f, enum event_type type, const char *fields_text)
{
	_cleanup_error_ struct error err = {0};
	_cleanup_json_ struct json *fields = NULL;
	_cleanup_strbuf_ struct strbuf line = {0};
	if (json_parse(fields_text, strlen(fields_text), &fields, &err))
		fail_msg("%s", err.message);
	event_encode(&line, type, 1, "2026-01-01T00:00:00.000Z", "r", fields);
	struct sink *sink = &f->printer.sink;
	sink->event(sink->context, type, strbuf_text(&line), fields);
}

static void feed_plan(struct fixture *f)
{
	feed(f, EVENT_PLAN, "{\"plan_id\":\"" PLAN_ID "\"," TARGET ",\"migrations\":["
	                    "{\"version\":\"001\",\"name\":\"base\",\"state\":\"applied\",\"requires\":[],\"steps\":[]},"
	                    "{\"version\":\"002\",\"name\":\"index\",\"state\":\"pending\",\"transaction\":\"none\","
	                    "\"requires\":[],"
	                    "\"steps\":[{\"transactional\":false,\"statements\":[]}]},"
	                    "{\"version\":\"003\",\"name\":\"vector\",\"state\":\"held\",\"requires\":[],\"steps\":[]}]}");
}

static void a_run_is_told_in_plain_lines(void **state)
{
	struct fixture *f = begin_test(false, false);
	(void)state;
	feed(f, EVENT_RUN, "{\"command\":\"batch\"," TARGET ",\"environment\":\"PROD\",\"tool_version\":\"0.1.0\"}");
	feed_plan(f);
	feed(f, EVENT_GATE, "{\"gate\":\"backup\",\"state\":\"running\"}");
	feed(f, EVENT_EVIDENCE, "{\"gate\":\"backup\",\"check\":\"backup.content\",\"measured\":\"11 of 12\",\"limit\":"
	                        "\"all\",\"ok\":false}");
	feed(f, EVENT_GATE, "{\"gate\":\"backup\",\"state\":\"failed\",\"reason\":\"orders differs\",\"hint\":\"Take it "
	                    "again.\"}");
	feed(f, EVENT_STEP, "{\"version\":\"002\",\"step\":1,\"statement\":2,\"phase\":\"begin\"}");
	feed(f, EVENT_STEP, "{\"version\":\"002\",\"step\":1,\"statement\":2,\"phase\":\"end\",\"file\":\"002_index.sql\","
	                    "\"line\":4,\"duration_ms\":12,\"locks\":[{\"relation\":\"public.t\",\"mode\":\"SHARE\"}]}");
	feed(f, EVENT_STEP, "{\"version\":\"002\",\"step\":2,\"phase\":\"end\",\"error\":\"no such table\"}");
	feed(f, EVENT_END, "{\"exit\":11,\"reason\":\"gate backup failed\",\"report\":\"/runs/r.report.md\"}");
	assert_string_equal(f->out, "pgsluice 0.1.0: batch on database app (PROD)\n"
	                            "target: system 7301, timeline 1, database oid 16384, server 15.20\n"
	                            "plan " PLAN_ID ": 1 pending, 1 held\n"
	                            "pending 002 index (none, 1 step)\n"
	                            "held 003 vector\n"
	                            "running backup\n"
	                            "  not ok backup.content: 11 of 12 (limit: all)\n"
	                            "failed backup: orders differs\n"
	                            "  hint: Take it again.\n"
	                            "  done 002 step 1 statement 2 (002_index.sql:4): 12 ms, SHARE on public.t\n"
	                            "  failed 002 step 2: no such table\n"
	                            "stopped with exit 11: a gate failed; live untouched\n"
	                            "report: /runs/r.report.md\n");
	assert_int_equal(f->log_length, 0);
	end_test(f);
}

static void log_and_errors_go_to_the_other_stream(void **state)
{
	struct fixture *f = begin_test(false, false);
	(void)state;
	feed(f, EVENT_LOG, "{\"level\":\"debug\",\"message\":\"not shown\"}");
	feed(f, EVENT_LOG, "{\"level\":\"warning\",\"message\":\"slow\"}");
	feed(f, EVENT_ERROR, "{\"code\":\"refused\",\"sqlstate\":\"42601\",\"message\":\"syntax error\",\"detail\":\"Near "
	                     "x.\",\"hint\":\"Correct it.\",\"file\":\"002.sql\",\"line\":3,\"column\":7}");
	assert_int_equal(f->out_length, 0);
	assert_string_equal(f->log, "pgsluice: warning: slow\n"
	                            "pgsluice: error: 002.sql:3:7: syntax error [42601]\n"
	                            "detail: Near x.\n"
	                            "hint: Correct it.\n");
	end_test(f);
}

static void exit_12_ends_with_the_command_that_approves(void **state)
{
	struct fixture *f = begin_test(false, false);
	(void)state;
	feed_plan(f);
	feed(f, EVENT_END, "{\"exit\":12,\"reason\":\"approval missing\"}");
	assert_non_null(strstr(f->out, "stopped with exit 12: approval missing, expired, or for another plan\n"
	                               "next: pgsluice --batch --approve 1a2b3c4d5e6f\n"));
	end_test(f);
}

static void what_is_worth_a_retry_ends_with_the_same_command(void **state)
{
	static const struct {
		const char *end;
		bool next;
	} CASES[] = {
		{"{\"exit\":0,\"reason\":\"done\"}", false},      {"{\"exit\":10,\"reason\":\"refused\"}", false},
		{"{\"exit\":13,\"reason\":\"not ready\"}", true}, {"{\"exit\":24,\"reason\":\"in doubt\"}", true},
		{"{\"exit\":30,\"reason\":\"failed\"}", false},   {"{\"exit\":143,\"reason\":\"terminated\"}", true},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
		struct fixture *f = begin_test(false, false);
		feed_plan(f);
		feed(f, EVENT_END, CASES[i].end);
		if ((strstr(f->out, "next: pgsluice --batch\n") != NULL) != CASES[i].next)
			fail_msg("row %zu: %s", i, f->out);
		end_test(f);
	}
}

static void after_stop_before_the_next_command_goes_on(void **state)
{
	struct fixture *f = begin_test(false, false);
	(void)state;
	f->options.stop_before = "approval";
	feed_plan(f);
	feed(f, EVENT_END, "{\"exit\":0,\"reason\":\"stopped before approval\"}");
	assert_non_null(strstr(f->out, "done\nnext: pgsluice --batch\n"));
	end_test(f);
}

static void json_lines_go_out_as_they_are(void **state)
{
	struct fixture *f = begin_test(true, true);
	(void)state;
	feed(f, EVENT_GATE, "{\"gate\":\"inspect\",\"state\":\"running\"}");
	feed(f, EVENT_LOG, "{\"level\":\"info\",\"message\":\"hello\"}");
	feed(f, EVENT_END, "{\"exit\":20,\"reason\":\"busy\"}");
	assert_string_equal(f->out,
	                    "{\"v\":1,\"seq\":1,\"ts\":\"2026-01-01T00:00:00.000Z\",\"run\":\"r\",\"type\":\"gate\","
	                    "\"gate\":\"inspect\",\"state\":\"running\"}\n"
	                    "{\"v\":1,\"seq\":1,\"ts\":\"2026-01-01T00:00:00.000Z\",\"run\":\"r\",\"type\":\"log\","
	                    "\"level\":\"info\",\"message\":\"hello\"}\n"
	                    "{\"v\":1,\"seq\":1,\"ts\":\"2026-01-01T00:00:00.000Z\",\"run\":\"r\",\"type\":\"end\","
	                    "\"exit\":20,\"reason\":\"busy\"}\n");
	assert_string_equal(f->log, "pgsluice: info: hello\nnext: pgsluice --batch\n");
	end_test(f);
}

static void a_terminal_has_one_updating_line(void **state)
{
	struct fixture *f = begin_test(true, false);
	(void)state;
	feed(f, EVENT_GATE, "{\"gate\":\"backup\",\"state\":\"running\"}");
	feed(f, EVENT_SAMPLE, "{\"sampler\":\"dump\",\"values\":{\"done_bytes\":1048576,\"left_ms\":90000,\"table\":"
	                      "\"a_rather_long_name\"}}");
	feed(f, EVENT_GATE, "{\"gate\":\"backup\",\"state\":\"passed\",\"valid_until\":\"2026-01-02T00:00:00.000Z\"}");
	assert_string_equal(f->out, "\rbackup: running\x1b[K"
	                            "\rdump: done 1.0 MiB, left 1 min 30 s, ta\x1b[K"
	                            "\r\x1b[K"
	                            "\xE2\x9C\x94 \x1b[32mpassed\x1b[0m backup, valid until 2026-01-02T00:00:00.000Z\n");
	end_test(f);
}

static void without_a_terminal_samples_are_rare(void **state)
{
	struct fixture *f = begin_test(false, false);
	(void)state;
	for (int i = 0; i < 4; i++) {
		feed(f, EVENT_SAMPLE, "{\"sampler\":\"dump\",\"values\":{\"done_bytes\":512,\"tables_done\":3}}");
		now_ms += 10000;
	}
	assert_string_equal(f->out, "  dump: done 512 B, tables done 3\n  dump: done 512 B, tables done 3\n");
	end_test(f);
}

static void text_of_the_database_can_forge_no_line(void **state)
{
	struct fixture *f = begin_test(false, false);
	(void)state;
	feed(f, EVENT_STEP, "{\"version\":\"002\",\"step\":2,\"phase\":\"end\",\"error\":\"x\\npassed verify\\u001b[2J\"}");
	assert_string_equal(f->out, "  failed 002 step 2: x\n    passed verify\xE2\x90\x9B[2J\n");
	end_test(f);
}

static void an_error_is_told_with_its_place_detail_and_hint(void **state)
{
	_cleanup_error_ struct error err = {0};
	char *text = NULL;
	size_t length;
	FILE *stream = open_memstream(&text, &length);
	(void)state;
	error_set(&err, FAIL_USAGE, "unknown key \"x\"");
	error_where(&err, "pgsluice.conf", 3, 0);
	printer_error(stream, &err);
	fclose(stream);
	assert_string_equal(text, "pgsluice: error: pgsluice.conf:3: unknown key \"x\"\n"
	                          "hint: Correct the command line or the configuration; see pgsluice(1).\n");
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_run_is_told_in_plain_lines),
		cmocka_unit_test(log_and_errors_go_to_the_other_stream),
		cmocka_unit_test(exit_12_ends_with_the_command_that_approves),
		cmocka_unit_test(what_is_worth_a_retry_ends_with_the_same_command),
		cmocka_unit_test(after_stop_before_the_next_command_goes_on),
		cmocka_unit_test(json_lines_go_out_as_they_are),
		cmocka_unit_test(a_terminal_has_one_updating_line),
		cmocka_unit_test(without_a_terminal_samples_are_rare),
		cmocka_unit_test(text_of_the_database_can_forge_no_line),
		cmocka_unit_test(an_error_is_told_with_its_place_detail_and_hint),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
