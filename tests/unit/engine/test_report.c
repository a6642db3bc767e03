#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine/tell/report_html.h"
#include "sys/file.h"

#define PLAN_ID "1a2b3c4d5e6f7a8b9c0d1e2f3a4b5c6d7e8f9a0b1c2d3e4f5a6b7c8d9e0f1a2b"

static const int64_t STARTED_MS = 1767225600000; /* 2026-01-01T00:00:00Z */

static const struct target TARGET = {.system_identifier = "7301", .timeline = "1", .database_oid = "16384",
                                     .database = "app|x", .environment = "PROD", .server_version_text = "15.20"};

struct fixture {
	struct arena *arena;
	struct json *plan;
	struct checklist checklist;
	struct evidence evidence[GATE_COUNT];
	struct report report;
};

static int set_up(void **state)
{
	static const char PLAN[] = "{\"v\":1,\"plan_id\":\"" PLAN_ID "\",\"migrations\":[{\"version\":\"002\",\"name\":"
				   "\"add_index\",\"state\":\"pending\",\"transaction\":\"none\",\"requires\":[],"
				   "\"steps\":[{},{}]}]}";
	static struct fixture fixture;
	_cleanup_error_ struct error err = {0};
	fixture = (struct fixture){.arena = arena_open()};
	if (json_parse(PLAN, strlen(PLAN), &fixture.plan, &err))
		return -1;
	fixture.checklist.states[GATE_INSPECT] = GATE_PASSED;
	fixture.checklist.states[GATE_BACKUP] = GATE_FAILED;
	fixture.evidence[GATE_BACKUP] = (struct evidence){
		.gate = GATE_BACKUP, .state = GATE_FAILED, .run_id = "r1", .plan_id = PLAN_ID, .previous = "",
		.taken_ms = STARTED_MS, .valid_until_ms = STARTED_MS + 1000};
	struct check rows = {.name = "backup.rows", .measured = "orders <3>\nless", .limit = "0",
	                     .hint = "Take it again."};
	struct check age = {.name = "backup.age", .measured = "1 h", .limit = "24 h", .ok = true};
	list_push(fixture.arena, &fixture.evidence[GATE_BACKUP].checks, rows);
	list_push(fixture.arena, &fixture.evidence[GATE_BACKUP].checks, age);
	fixture.report = (struct report){
		.run_id = "r1", .command = "batch", .tool_version = "0.1.0", .environment = "PROD", .target = &TARGET,
		.plan = fixture.plan, .checklist = &fixture.checklist, .evidence = fixture.evidence,
		.started_ms = STARTED_MS, .ended_ms = STARTED_MS + 61000, .status = FAIL_GATE,
		.reason = "gate backup failed", .hint = "Read the failed checks."};
	*state = &fixture;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;
	json_close(f->plan);
	arena_close(f->arena);
	return 0;
}

static void the_markdown_says_how_it_ended_and_why(void **state)
{
	struct fixture *f = *state;
	_cleanup_strbuf_ struct strbuf text = {0};
	report_markdown(&text, &f->report);
	assert_string_equal(
		strbuf_text(&text),
		"# pgsluice run r1\n\n| | |\n|---|---|\n"
		"| outcome | exit 11 (gate\\_failed): gate backup failed |\n"
		"| what to do next | Read the failed checks. |\n"
		"| command | batch |\n"
		"| environment | PROD |\n"
		"| target | app\\|x, system 7301, timeline 1, database oid 16384, server 15.20 |\n"
		"| plan id | " PLAN_ID " |\n"
		"| started | 2026-01-01T00:00:00.000Z |\n"
		"| ended | 2026-01-01T00:01:01.000Z, after 1 min 1 s |\n"
		"| pgsluice | 0.1.0 |\n"
		"\n## Checklist\n\n"
		"- [x] Inspect: passed. Do files, checksums, graph, rules and history hold, and has live not drifted?\n"
		"- [ ] Backup: failed. Was a backup taken, restored, and found to hold what live held?\n"
		"- [ ] Rehearsal: waiting. Did the whole plan run on a fresh copy of live, and do no more than it says?\n"
		"- [ ] Plans: waiting. Do the canary queries keep their plans and budgets where the plan has run?\n"
		"- [ ] Preflight: waiting. Is live ready now: window, locks, old transactions, room, replicas?\n"
		"- [ ] Approval: waiting. Did an operator say yes to exactly this plan?\n"
		"- [ ] Apply: waiting. Did every migration commit on live together with its history row?\n"
		"- [ ] Verify: waiting. Did live become what the rehearsal promised?\n"
		"\n## Plan\n\n| version | name | state | transaction | steps |\n|---|---|---|---|---|\n"
		"| 002 | add\\_index | pending | none | 2 |\n"
		"\n## Evidence\n\n### Backup: failed\n\n"
		"Taken at 2026-01-01T00:00:00.000Z, valid until 2026-01-01T00:00:01.000Z, by run r1.\n\n"
		"| check | measured | limit | result |\n|---|---|---|---|\n"
		"| backup.rows | orders &lt;3> less | 0 | **failed**. Take it again. |\n"
		"| backup.age | 1 h | 24 h | ok |\n"
		"\n## Applied\n\nNothing was written to live.\n"
		"\nThe facts that each gate kept are in the JSON report beside this one, charts in the HTML.\n");
}

static void waivers_and_warnings_stand_out(void **state)
{
	struct fixture *f = *state;
	_cleanup_strbuf_ struct strbuf text = {0};
	f->evidence[GATE_BACKUP].checks.items[0].waived_because = "known gap";
	f->evidence[GATE_BACKUP].checks.items[1].ok = false;
	f->evidence[GATE_BACKUP].checks.items[1].warning = true;
	report_markdown(&text, &f->report);
	assert_non_null(strstr(strbuf_text(&text), "| 0 | **waived**: known gap. Take it again. |\n"));
	assert_non_null(strstr(strbuf_text(&text), "| 24 h | **warning** |\n"));
}

static void what_was_applied_is_listed(void **state)
{
	struct fixture *f = *state;
	_cleanup_strbuf_ struct strbuf text = {0};
	struct report_applied first = {"002", "add_index", "committed", 1500}, second = {"003", "x", "in doubt", -1};
	list_push(f->arena, &f->report.applied, first);
	list_push(f->arena, &f->report.applied, second);
	report_markdown(&text, &f->report);
	assert_non_null(strstr(strbuf_text(&text), "| 002 | add\\_index | committed | 1.5 s |\n"
	                                           "| 003 | x | in doubt | unknown |\n"));
}

static void the_json_holds_plan_gates_evidence_and_outcome(void **state)
{
	struct fixture *f = *state;
	struct report_applied applied = {"002", "add_index", "committed", 1500};
	list_push(f->arena, &f->report.applied, applied);
	_cleanup_json_ struct json *value = report_json(&f->report);

	assert_int_equal(json_get_int(value, "v"), 1);
	assert_int_equal(json_get_int(value, "exit"), 11);
	assert_string_equal(json_get_text(value, "status"), "gate_failed");
	assert_int_equal(json_get_int(value, "duration_ms"), 61000);
	assert_string_equal(json_get_text(json_get(value, "target"), "system_identifier"), "7301");
	assert_string_equal(json_get_text(json_get(value, "plan"), "plan_id"), PLAN_ID);
	const struct json *gates = json_get(value, "gates");
	assert_int_equal(json_count(gates), GATE_COUNT);
	assert_false(json_has(json_at(gates, GATE_INSPECT), "evidence"));
	const struct json *evidence = json_get(json_at(gates, GATE_BACKUP), "evidence");
	assert_int_equal(json_count(json_get(evidence, "checks")), 2);
	assert_int_equal(strlen(json_get_text(evidence, "hash")), DIGEST_HEX_LENGTH);
	assert_string_equal(json_get_text(json_at(json_get(value, "applied"), 0), "outcome"), "committed");
}

static void take(struct series_set *set, int64_t after_ms, enum event_type type, const char *text)
{
	_cleanup_error_ struct error err = {0};
	_cleanup_json_ struct json *fields = NULL;
	assert_int_equal(json_parse(text, strlen(text), &fields, &err), OK);
	series_take(set, STARTED_MS + after_ms, type, fields);
}

static struct series_set *measured(void)
{
	struct series_set *set = series_open();
	take(set, 0, EVENT_GATE, "{\"gate\":\"apply\",\"state\":\"running\"}");
	take(set, 1000, EVENT_SAMPLE, "{\"sampler\":\"locks\",\"values\":{\"waiting\":2,\"behind_us\":1}}");
	take(set, 2000, EVENT_LOG, "{\"level\":\"warning\",\"message\":\"the guard <pulls> back\"}");
	take(set, 3000, EVENT_SAMPLE, "{\"sampler\":\"locks\",\"values\":{\"waiting\":0,\"behind_us\":0}}");
	take(set, 4000, EVENT_GATE, "{\"gate\":\"apply\",\"state\":\"failed\"}");
	return set;
}

static void what_was_measured_is_summed_up_and_kept(void **state)
{
	struct fixture *f = *state;
	_cleanup_strbuf_ struct strbuf text = {0}, series = {0};
	struct series_set *set = measured();
	f->report.series = set;
	report_markdown(&text, &f->report);
	assert_non_null(strstr(strbuf_text(&text),
	                       "\n## Live meanwhile\n\n| figure | least | mean | most |\n|---|---|---|---|\n"
	                       "| Sessions that wait for a lock, all | 0 | 2 | 2 |\n"
	                       "| Sessions that wait for a lock, behind us | 0 | 1 | 1 |\n"
	                       "\n- 2026-01-01T00:00:02.000Z: the guard &lt;pulls> back\n"));
	_cleanup_json_ struct json *value = report_json(&f->report);
	json_write(&series, json_get(value, "series"));
	assert_string_equal(json_get_text(value, "series_begin"), "2026-01-01T00:00:01.000Z");
	assert_string_equal(strbuf_text(&series),
	                    "[{\"name\":\"locks.waiting\",\"unit\":\"number\",\"points\":[[0,2,2,2],[2000,0,0,0]]},"
	                    "{\"name\":\"locks.behind_us\",\"unit\":\"number\",\"points\":[[0,1,1,1],[2000,0,0,0]]}]");
	series_close(set);
}

static void the_page_loads_nothing_and_shows_text_as_text(void **state)
{
	struct fixture *f = *state;
	_cleanup_strbuf_ struct strbuf text = {0};
	struct series_set *set = measured();
	f->report.series = set;
	report_html(&text, &f->report);
	const char *page = strbuf_text(&text);
	assert_non_null(strstr(page, "<title>Migrations on app|x (PROD): stopped with exit 11 (gate_failed)</title>"));
	assert_non_null(strstr(page, "<h3>Sessions that wait for a lock</h3>"));
	assert_non_null(strstr(page, "the guard &lt;pulls&gt; back"));
	assert_non_null(strstr(page, "orders &lt;3&gt;"));
	assert_null(strstr(page, "<script"));
	assert_null(strstr(page, "http:"));
	assert_null(strstr(page, "https:"));
	assert_null(strstr(page, "url("));
	series_close(set);
}

static void a_run_that_never_reached_its_target_has_a_report_too(void **state)
{
	struct fixture *f = *state;
	_cleanup_strbuf_ struct strbuf text = {0};
	f->report.target = NULL;
	f->report.plan = NULL;
	f->report.status = FAIL_UNREACHABLE;
	report_markdown(&text, &f->report);
	_cleanup_json_ struct json *value = report_json(&f->report);
	assert_null(strstr(strbuf_text(&text), "| target |"));
	assert_null(strstr(strbuf_text(&text), "## Plan"));
	assert_false(json_has(value, "target"));
	assert_int_equal(json_get_int(value, "exit"), 22);
}

static void all_forms_are_written_side_by_side(void **state)
{
	struct fixture *f = *state;
	_cleanup_error_ struct error err = {0};
	_cleanup_strbuf_ struct strbuf markdown = {0}, text = {0};
	_cleanup_json_ struct json *value = NULL;
	char folder[] = "/tmp/pgsluice-report-XXXXXX";
	const char *path = NULL;
	assert_non_null(mkdtemp(folder));
	const char *runs = path_join(f->arena, folder, "runs");

	assert_int_equal(report_write(f->arena, runs, &f->report, &path, &err), OK);
	assert_string_equal(path, path_join(f->arena, runs, "r1.report.md"));
	assert_int_equal(file_read(path, 1 << 20, &markdown, &err), OK);
	assert_memory_equal(strbuf_text(&markdown), "# pgsluice run r1\n", 18);
	assert_true(file_exists(path_join(f->arena, runs, "r1.report.html")));
	assert_int_equal(file_read(path_join(f->arena, runs, "r1.report.json"), 1 << 20, &text, &err), OK);
	assert_int_equal(json_parse(strbuf_text(&text), text.length, &value, &err), OK);
	assert_string_equal(json_get_text(value, "run"), "r1");
	assert_int_equal(folder_remove(folder, &err), OK);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_markdown_says_how_it_ended_and_why),
		TEST(waivers_and_warnings_stand_out),
		TEST(what_was_applied_is_listed),
		TEST(the_json_holds_plan_gates_evidence_and_outcome),
		TEST(what_was_measured_is_summed_up_and_kept),
		TEST(the_page_loads_nothing_and_shows_text_as_text),
		TEST(a_run_that_never_reached_its_target_has_a_report_too),
		TEST(all_forms_are_written_side_by_side),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
