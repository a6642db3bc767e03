#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "core/flow/gate.h"

static const int64_t TAKEN_MS = 1767225600000; /* 2026-01-01T00:00:00Z */
static const int64_t HOUR_MS = 3600 * 1000;

struct fixture {
	struct arena *arena;
	struct evidence evidence;
};

static int set_up(void **state)
{
	static struct fixture fixture;
	struct arena *arena = arena_open();
	fixture = (struct fixture){
		.arena = arena,
		.evidence = {.gate = GATE_BACKUP,
	                     .run_id = "6f0c9a52-0000-4000-8000-000000000001",
	                     .plan_id = "1a2b",
	                     .binding = digest_of("live", 4),
	                     .taken_ms = TAKEN_MS,
	                     .valid_until_ms = TAKEN_MS + 24 * HOUR_MS,
	                     .previous = ""},
	};
	struct check content = {
		.name = "backup.content", .measured = "12 of 12 tables equal", .limit = "all", .ok = true};
	list_push(arena, &fixture.evidence.checks, content);
	*state = &fixture;
	return 0;
}

static int tear_down(void **state)
{
	arena_close(((struct fixture *)*state)->arena);
	return 0;
}

static struct check *add_failure(struct fixture *fixture, const char *name)
{
	struct check *check = list_add(fixture->arena, &fixture->evidence.checks);
	*check = (struct check){
		.name = name, .measured = "orders: 3 rows less", .limit = "0", .hint = "Take the backup again."};
	return check;
}

static void all_checks_ok_is_passed(void **state)
{
	struct fixture *f = *state;
	evidence_judge(f->arena, &f->evidence);
	assert_int_equal(f->evidence.state, GATE_PASSED);
	assert_null(f->evidence.reason);
}

static void the_first_failed_check_is_the_reason(void **state)
{
	struct fixture *f = *state;
	add_failure(f, "backup.rows");
	add_failure(f, "backup.schema");
	evidence_judge(f->arena, &f->evidence);
	assert_int_equal(f->evidence.state, GATE_FAILED);
	assert_string_equal(f->evidence.reason, "backup.rows: orders: 3 rows less (limit: 0)");
	assert_string_equal(f->evidence.hint, "Take the backup again.");
}

static void a_warning_never_refuses(void **state)
{
	struct fixture *f = *state;
	add_failure(f, "backup.age")->warning = true;
	evidence_judge(f->arena, &f->evidence);
	assert_int_equal(f->evidence.state, GATE_PASSED);
}

static void a_gate_without_checks_has_failed(void **state)
{
	struct fixture *f = *state;
	f->evidence.checks.count = 0;
	evidence_judge(f->arena, &f->evidence);
	assert_int_equal(f->evidence.state, GATE_FAILED);
	assert_string_equal(f->evidence.reason, "nothing was checked");
}

static void a_waived_failure_is_waived_and_says_why(void **state)
{
	struct fixture *f = *state;
	add_failure(f, "backup.rows")->waived_because = "known gap";
	evidence_judge(f->arena, &f->evidence);
	assert_int_equal(f->evidence.state, GATE_WAIVED);
	assert_string_equal(f->evidence.reason, "backup.rows is waived: known gap");
}

static void one_failure_that_is_not_waived_fails(void **state)
{
	struct fixture *f = *state;
	add_failure(f, "backup.rows")->waived_because = "known gap";
	add_failure(f, "backup.schema");
	evidence_judge(f->arena, &f->evidence);
	assert_int_equal(f->evidence.state, GATE_FAILED);
	assert_string_equal(f->evidence.reason, "backup.schema: orders: 3 rows less (limit: 0)");
}

static void a_waiver_of_what_cannot_be_waived_does_not_count(void **state)
{
	struct fixture *f = *state;
	f->evidence.gate = GATE_VERIFY;
	add_failure(f, "verify.promise")->waived_because = "we are late";
	evidence_judge(f->arena, &f->evidence);
	assert_int_equal(f->evidence.state, GATE_FAILED);
}

static void evidence_holds_only_fresh_passed_and_for_its_binding(void **state)
{
	struct fixture *f = *state;
	struct digest other = digest_of("other", 5);
	const struct {
		enum gate gate;
		enum gate_state state;
		int64_t now_ms;
		const struct digest *binding;
		const char *why; /* NULL = it holds */
	} cases[] = {
		{GATE_BACKUP, GATE_PASSED, TAKEN_MS, NULL, NULL},
		{GATE_BACKUP, GATE_WAIVED, TAKEN_MS + HOUR_MS, NULL, NULL},
		{GATE_BACKUP, GATE_PASSED, TAKEN_MS + 24 * HOUR_MS - 1, NULL, NULL},
		{GATE_BACKUP, GATE_PASSED, TAKEN_MS + 24 * HOUR_MS, NULL, "It expired 0 ms ago."},
		{GATE_BACKUP, GATE_PASSED, TAKEN_MS + 27 * HOUR_MS, NULL, "It expired 3 h 0 min ago."},
		{GATE_BACKUP, GATE_FAILED, TAKEN_MS, NULL, "It failed."},
		{GATE_BACKUP, GATE_PASSED, TAKEN_MS, &other,
	         "The target's schema has changed since, or it is another target."},
		{GATE_REHEARSAL, GATE_PASSED, TAKEN_MS, &other, "The plan has changed since."},
		{GATE_INSPECT, GATE_PASSED, TAKEN_MS, NULL, "This gate is always asked anew."},
		{GATE_BACKUP, GATE_PASSED, TAKEN_MS - 60000, NULL, NULL},
		{GATE_BACKUP, GATE_PASSED, TAKEN_MS - 60001, NULL,
	         "It was taken at 2026-01-01T00:00:00.000Z, which is in the future by this machine's clock."},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *why = NULL;
		const struct digest *binding = cases[i].binding ? cases[i].binding : &f->evidence.binding;
		f->evidence.gate = cases[i].gate;
		f->evidence.state = cases[i].state;
		bool holds = evidence_holds(f->arena, &f->evidence, binding, cases[i].now_ms, &why);
		if (holds != (cases[i].why == NULL))
			fail_msg("row %zu: %s", i, holds ? "holds" : why);
		if (cases[i].why)
			assert_string_equal(why, cases[i].why);
	}
}

static void the_json_form_is_the_contract(void **state)
{
	struct fixture *f = *state;
	_cleanup_strbuf_ struct strbuf text = {0};
	evidence_judge(f->arena, &f->evidence);
	_cleanup_json_ struct json *value = evidence_json(f->arena, &f->evidence);
	json_write(&text, value);

	char *expected = arena_printf(
		f->arena,
		"{\"v\":1,\"gate\":\"backup\",\"state\":\"passed\",\"run\":\"6f0c9a52-0000-4000-8000-000000000001\","
		"\"plan_id\":\"1a2b\",\"binding\":\"%s\",\"taken_at\":\"2026-01-01T00:00:00.000Z\","
		"\"valid_until\":\"2026-01-02T00:00:00.000Z\",\"checks\":[{\"name\":\"backup.content\","
		"\"measured\":\"12 of 12 tables equal\",\"limit\":\"all\",\"ok\":true,\"warning\":false,\"hint\":null,"
		"\"waived_because\":null}],\"data\":{},\"previous\":\"\",\"hash\":\"%s\"}",
		f->evidence.binding.hex, f->evidence.hash);
	assert_string_equal(strbuf_text(&text), expected);
}

static void the_hash_is_over_the_canonical_form_without_itself(void **state)
{
	struct fixture *f = *state;
	evidence_judge(f->arena, &f->evidence);
	_cleanup_json_ struct json *value = evidence_json(f->arena, &f->evidence);
	char *canonical = arena_printf(
		f->arena,
		"{\"binding\":\"%s\",\"checks\":[{\"hint\":null,\"limit\":\"all\",\"measured\":\"12 of 12 tables equal\","
		"\"name\":\"backup.content\",\"ok\":true,\"waived_because\":null,\"warning\":false}],\"data\":{},"
		"\"gate\":\"backup\",\"plan_id\":\"1a2b\",\"previous\":\"\","
		"\"run\":\"6f0c9a52-0000-4000-8000-000000000001\",\"state\":\"passed\","
		"\"taken_at\":\"2026-01-01T00:00:00.000Z\",\"v\":1,\"valid_until\":\"2026-01-02T00:00:00.000Z\"}",
		f->evidence.binding.hex);
	assert_string_equal(f->evidence.hash, digest_of(canonical, strlen(canonical)).hex);
	assert_string_equal(json_get_text(value, "hash"), f->evidence.hash);
}

static void what_was_written_is_read_back(void **state)
{
	struct fixture *f = *state;
	_cleanup_error_ struct error err = {0};
	struct evidence back = {0};
	add_failure(f, "backup.rows")->waived_because = "known gap";
	evidence_judge(f->arena, &f->evidence);
	_cleanup_json_ struct json *data = json_new_object();
	json_set_text(data, "manifest", "abc");
	f->evidence.data = data;
	_cleanup_json_ struct json *value = evidence_json(f->arena, &f->evidence);

	assert_int_equal(evidence_read(f->arena, value, &back, &err), OK);
	assert_int_equal(back.gate, GATE_BACKUP);
	assert_int_equal(back.state, GATE_WAIVED);
	assert_string_equal(back.reason, "backup.rows is waived: known gap");
	assert_string_equal(back.binding.hex, f->evidence.binding.hex);
	assert_int_equal(back.taken_ms, TAKEN_MS);
	assert_int_equal(back.valid_until_ms, TAKEN_MS + 24 * HOUR_MS);
	assert_int_equal(back.checks.count, 2);
	assert_string_equal(back.checks.items[1].waived_because, "known gap");
	assert_null(back.checks.items[0].hint);
	assert_string_equal(json_get_text(back.data, "manifest"), "abc");
	assert_string_equal(back.hash, f->evidence.hash);
	json_close(back.data);
}

static void assert_refused(struct fixture *f, const struct json *value, const char *message)
{
	_cleanup_error_ struct error err = {0};
	struct evidence back = {0};
	assert_int_equal(evidence_read(f->arena, value, &back, &err), FAIL_REFUSED);
	assert_string_equal(err.message, message);
	assert_string_equal(err.hint, "Remove this evidence and let the gate run again.");
	assert_null(back.run_id);
}

static void altered_evidence_is_refused(void **state)
{
	struct fixture *f = *state;
	evidence_judge(f->arena, &f->evidence);
	_cleanup_json_ struct json *value = evidence_json(f->arena, &f->evidence);
	json_set_text(value, "valid_until", "2027-01-02T00:00:00.000Z");
	assert_refused(f, value, "evidence of gate backup was altered: its hash does not match");
}

static void a_state_that_the_checks_do_not_lead_to_is_refused(void **state)
{
	struct fixture *f = *state;
	add_failure(f, "backup.rows");
	f->evidence.state = GATE_PASSED;
	_cleanup_json_ struct json *value = evidence_json(f->arena, &f->evidence);
	assert_refused(f, value, "evidence is not of the form that pgsluice writes: member \"state\"");
}

static void evidence_of_another_form_is_refused(void **state)
{
	static const char *const MEMBERS[] = {"v",        "gate",        "state",  "run",  "plan_id",  "binding",
	                                      "taken_at", "valid_until", "checks", "data", "previous", "hash"};
	struct fixture *f = *state;
	evidence_judge(f->arena, &f->evidence);
	for (size_t i = 0; i < sizeof(MEMBERS) / sizeof(MEMBERS[0]); i++) {
		_cleanup_json_ struct json *value = evidence_json(f->arena, &f->evidence);
		json_set_bool(value, MEMBERS[i], true);
		assert_refused(f, value,
		               arena_printf(f->arena,
		                            "evidence is not of the form that pgsluice writes: member \"%s\"",
		                            MEMBERS[i]));
	}
	_cleanup_json_ struct json *array = json_new_array();
	assert_refused(f, array, "evidence is not of the form that pgsluice writes: member \"gate\"");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(all_checks_ok_is_passed),
		TEST(the_first_failed_check_is_the_reason),
		TEST(a_warning_never_refuses),
		TEST(a_gate_without_checks_has_failed),
		TEST(a_waived_failure_is_waived_and_says_why),
		TEST(one_failure_that_is_not_waived_fails),
		TEST(a_waiver_of_what_cannot_be_waived_does_not_count),
		TEST(evidence_holds_only_fresh_passed_and_for_its_binding),
		TEST(the_json_form_is_the_contract),
		TEST(the_hash_is_over_the_canonical_form_without_itself),
		TEST(what_was_written_is_read_back),
		TEST(altered_evidence_is_refused),
		TEST(a_state_that_the_checks_do_not_lead_to_is_refused),
		TEST(evidence_of_another_form_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
