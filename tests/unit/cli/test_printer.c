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
	struct screen screen = f->printer.screen;
	printer_clear(&f->printer);
	fclose(screen.out);
	fclose(screen.log);
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
	feed(f, EVENT_GATE, "{\"gate\":\"rehearsal\",\"state\":\"running\"}");
	feed(f, EVENT_STEP, "{\"version\":\"002\",\"step\":1,\"statement\":1,\"phase\":\"begin\"}");
	feed(f, EVENT_STEP, "{\"version\":\"002\",\"step\":1,\"statement\":1,\"phase\":\"end\",\"duration_ms\":8}");
	feed(f, EVENT_STEP, "{\"version\":\"002\",\"step\":1,\"statement\":2,\"phase\":\"end\",\"duration_ms\":4}");
	feed(f, EVENT_STEP, "{\"version\":\"002\",\"step\":1,\"phase\":\"end\",\"duration_ms\":12}");
	feed(f, EVENT_STEP, "{\"version\":\"002\",\"step\":2,\"statement\":1,\"phase\":\"end\",\"file\":\"002.sql\","
	                    "\"line\":4,\"error\":\"no such table\"}");
	feed(f, EVENT_EVIDENCE, "{\"gate\":\"rehearsal\",\"check\":\"rehearsal.loss\",\"measured\":\"column a\","
	                        "\"limit\":\"-\",\"ok\":false,\"warning\":true,\"hint\":\"Think.\"}");
	feed(f, EVENT_EVIDENCE, "{\"gate\":\"rehearsal\",\"check\":\"rehearsal.data\",\"measured\":\"orders differs\","
	                        "\"limit\":\"all equal\",\"ok\":false,\"hint\":\"Declare it.\"}");
	feed(f, EVENT_GATE, "{\"gate\":\"rehearsal\",\"state\":\"failed\",\"reason\":\"orders differs\",\"hint\":"
	                    "\"Declare it.\"}");
	feed(f, EVENT_END, "{\"exit\":11,\"reason\":\"gate rehearsal failed\",\"report\":\"/runs/r.report.md\"}");
	assert_string_equal(f->out, "pgsluice 0.1.0: batch on database app (PROD)\n"
	                            "target: system 7301, timeline 1, database oid 16384, server 15.20\n"
	                            "plan id " PLAN_ID "\n"
	                            "1 pending, 1 held\n"
	                            "pending 002 index: not in a transaction\n"
	                            "held 003 vector\n"
	                            "running rehearsal\n"
	                            "  ok 002: index: ran, 12 ms, 2 statements\n"
	                            "  failed 002 step 2 statement 1 (002.sql:4): no such table\n"
	                            "  note rehearsal.loss: column a\n"
	                            "  not ok rehearsal.data: orders differs (limit: all equal)\n"
	                            "    hint: Declare it.\n"
	                            "failed rehearsal\n"
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
	feed_plan(f);
	char *from = f->out + f->out_length;
	feed(f, EVENT_GATE, "{\"gate\":\"backup\",\"state\":\"running\"}");
	now_ms += 3000;
	feed(f, EVENT_SAMPLE, "{\"sampler\":\"backup\",\"values\":{\"phase\":\"dump\",\"done_bytes\":1048576,"
	                      "\"total_bytes\":0,\"remaining_ms\":90000}}");
	now_ms += 1000;
	printer_tick(&f->printer);
	feed(f, EVENT_STEP, "{\"version\":\"002\",\"step\":2,\"statement\":1,\"phase\":\"begin\",\"line\":7}");
	feed(f, EVENT_GATE, "{\"gate\":\"backup\",\"state\":\"passed\",\"valid_until\":\"2026-01-02T00:00:00.000Z\"}");
	assert_string_equal(from, "\x1b[1mbackup\x1b[0m\n"
	                          "\rbackup 0 s\x1b[K"
	                          "\rbackup 3 s: dump, 1.0 MiB, about 1 mi\x1b[K"
	                          "\rbackup 4 s: dump, 1.0 MiB, about 1 mi\x1b[K"
	                          "\rbackup 4 s: 1 of 1: 002 index step 2,\x1b[K"
	                          "\r\x1b[K"
	                          "\x1b[32m\xE2\x9C\x94 passed\x1b[0m backup, valid until 2026-01-02\n"
	                          "    00:00:00 UTC\n");
	end_test(f);
}

static void without_a_terminal_what_is_at_work_is_told_now_and_then(void **state)
{
	struct fixture *f = begin_test(false, false);
	(void)state;
	feed(f, EVENT_GATE, "{\"gate\":\"backup\",\"state\":\"running\"}");
	for (int i = 0; i < 7; i++) {
		feed(f, EVENT_SAMPLE, "{\"sampler\":\"dump\",\"values\":{\"done_bytes\":512,\"total_bytes\":0}}");
		printer_tick(&f->printer);
		now_ms += 10000;
	}
	assert_string_equal(f->out, "running backup\n  backup 30 s: 512 B\n  backup 1 min 0 s: 512 B\n");
	end_test(f);
}

static void on_a_terminal_a_check_of_several_lines_is_named_once(void **state)
{
	struct fixture *f = begin_test(true, false);
	(void)state;
	f->printer.screen.colour = false;
	f->printer.screen.width = 80;
	feed(f, EVENT_GATE, "{\"gate\":\"approval\",\"state\":\"running\"}");
	char *from = f->out + f->out_length;
	for (int i = 0; i < 2; i++)
		feed(f, EVENT_EVIDENCE, "{\"gate\":\"approval\",\"check\":\"approval.locks\",\"measured\":\"no writes\","
		                        "\"limit\":\"-\",\"ok\":false,\"warning\":true}");
	feed(f, EVENT_EVIDENCE, "{\"gate\":\"approval\",\"check\":\"approval.waived\",\"measured\":\"drift\","
	                        "\"limit\":\"-\",\"ok\":false,\"warning\":true,\"waived\":\"known\"}");
	fflush(f->printer.screen.out);
	assert_non_null(strstr(from, "  \xE2\x97\x8B locks          no writes\n"));
	assert_non_null(strstr(from, "                   no writes\n"));
	assert_non_null(strstr(from, "  \xE2\x9C\x98 approval.waived drift (known)\n"));
	end_test(f);
}

static void what_is_asked_again_for_another_gate_is_told_only_when_it_does_not_hold(void **state)
{
	struct fixture *f = begin_test(false, false);
	(void)state;
	feed(f, EVENT_GATE, "{\"gate\":\"apply\",\"state\":\"running\"}");
	feed(f, EVENT_EVIDENCE, "{\"gate\":\"preflight\",\"check\":\"preflight.lag\",\"measured\":\"none\",\"limit\":"
	                        "\"-\",\"ok\":true}");
	feed(f, EVENT_EVIDENCE, "{\"gate\":\"preflight\",\"check\":\"preflight.locks\",\"measured\":\"process 7\","
	                        "\"limit\":\"-\",\"ok\":false}");
	assert_string_equal(f->out, "running apply\n  not ok preflight.locks: process 7\n");
	end_test(f);
}

static void on_one_terminal_a_failed_check_is_told_once(void **state)
{
	static const struct {
		const char *error;
		bool told;
	} CASES[] = {
		{"{\"code\":\"not_ready\",\"message\":\"gate preflight: preflight.locks: process 7\"}", false},
		{"{\"code\":\"interrupted\",\"message\":\"process 7\"}", false},
		{"{\"code\":\"not_ready\",\"message\":\"the target went away\"}", true},
		{"{\"code\":\"not_ready\",\"message\":\"gate preflight: x\",\"detail\":\"More.\"}", true},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(CASES) / sizeof(*CASES); i++) {
		struct fixture *f = begin_test(false, false);
		f->printer.screen.one_terminal = true;
		feed(f, EVENT_GATE, "{\"gate\":\"preflight\",\"state\":\"running\"}");
		feed(f, EVENT_EVIDENCE, "{\"gate\":\"preflight\",\"check\":\"preflight.locks\",\"measured\":"
		                        "\"process 7\",\"limit\":\"-\",\"ok\":false}");
		feed(f, EVENT_GATE, "{\"gate\":\"preflight\",\"state\":\"failed\",\"reason\":\"process 7\"}");
		feed(f, EVENT_ERROR, CASES[i].error);
		if ((f->log_length > 0) != CASES[i].told)
			fail_msg("row %zu: %s", i, f->log);
		end_test(f);
	}
}

static void a_long_plan_is_cut(void **state)
{
	_cleanup_strbuf_ struct strbuf plan = {0};
	struct fixture *f = begin_test(false, false);
	(void)state;
	strbuf_puts(&plan, "{\"plan_id\":\"" PLAN_ID "\"," TARGET ",\"migrations\":[");
	for (int i = 1; i <= 25; i++)
		strbuf_printf(&plan, "%s{\"version\":\"%03d\",\"name\":\"n\",\"state\":\"pending\",\"steps\":[]}",
		              i > 1 ? "," : "", i);
	strbuf_puts(&plan, "]}");
	feed(f, EVENT_PLAN, strbuf_text(&plan));
	assert_non_null(strstr(f->out, "pending 020 n\nand 5 more pending: `pgsluice plan` lists them\n"));
	end_test(f);
}

static void text_of_the_database_can_forge_no_line(void **state)
{
	struct fixture *f = begin_test(false, false);
	(void)state;
	feed(f, EVENT_STEP, "{\"version\":\"002\",\"step\":2,\"phase\":\"end\",\"error\":\"x\\npassed verify\\u001b[2J\"}");
	assert_string_equal(f->out, "  failed 002 step 2: x\n      passed verify\xE2\x90\x9B[2J\n");
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
		cmocka_unit_test(without_a_terminal_what_is_at_work_is_told_now_and_then),
		cmocka_unit_test(on_a_terminal_a_check_of_several_lines_is_named_once),
		cmocka_unit_test(what_is_asked_again_for_another_gate_is_told_only_when_it_does_not_hold),
		cmocka_unit_test(on_one_terminal_a_failed_check_is_told_once),
		cmocka_unit_test(a_long_plan_is_cut),
		cmocka_unit_test(text_of_the_database_can_forge_no_line),
		cmocka_unit_test(an_error_is_told_with_its_place_detail_and_hint),
	};
	setenv("TZ", "UTC", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
