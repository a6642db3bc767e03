#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "core/migration/plan.h"
#include "sets.h"

static struct arena *arena;

static int open_arena(void **state)
{
	(void)state;
	arena = arena_open();
	return 0;
}

static int close_arena(void **state)
{
	(void)state;
	arena_close(arena);
	return 0;
}

/* A plan and all it is made of. */
struct fixture {
	struct migration_set set;
	struct graph graph;
	struct history history;
	struct target target;
	struct plan_options options;
	struct plan plan;
	struct error err;
	enum status status;
};

static void start(struct fixture *fixture, const struct text_file *files)
{
	*fixture = (struct fixture){
		.target = {.system_identifier = "7000000000000000001",
	                   .timeline = "1",
	                   .database_oid = "16384",
	                   .database = "shop",
	                   .environment = "STAGE",
	                   .server_version = 150004,
	                   .server_version_text = "15.4"},
		.options = {.schema_digest = "aa"},
	};
	if (read_texts(arena, files, &fixture->set, &fixture->err) != OK ||
	    graph_build(arena, &fixture->set, &fixture->graph, &fixture->err) != OK)
		fail_msg("%s", fixture->err.message);
}

static struct applied *apply(struct fixture *fixture, const char *version)
{
	struct applied *row = list_add(arena, &fixture->history.rows);
	*row = (struct applied){.version = version, .name = "a", .duration_ms = -1};
	return row;
}

static void build(struct fixture *fixture)
{
	error_clear(&fixture->err);
	fixture->status = plan_build(arena, &fixture->set, &fixture->graph, &fixture->history, &fixture->target,
	                             &fixture->options, &fixture->plan, &fixture->err);
}

/* "1 applied, 2 held: reason" of all items, and the pending versions behind a colon. */
static const char *text_of(const struct fixture *fixture)
{
	const struct plan *plan = &fixture->plan;
	const char *text = "";
	for (size_t i = 0; i < plan->items.count; i++) {
		const struct plan_item *item = &plan->items.items[i];
		text = arena_printf(arena, "%s%s%s %s%s%s%s", text, i ? ", " : "",
		                    item->migration ? item->migration->version : item->applied->version,
		                    migration_state_name(item->state), item->reason ? " (" : "",
		                    item->reason ? item->reason : "", item->reason ? ")" : "");
	}
	text = arena_printf(arena, "%s ->", text);
	for (size_t i = 0; i < plan->pending.count; i++)
		text = arena_printf(arena, "%s %s", text, plan->pending.items[i]->version);
	return text;
}

static void check_refusal(struct fixture *fixture, const char *message, const char *hint)
{
	_cleanup_strbuf_ struct strbuf out = {0};
	assert_int_equal(fixture->status, FAIL_REFUSED);
	write_error(&out, &fixture->err);
	assert_string_equal(strbuf_text(&out), message);
	assert_string_equal(fixture->err.hint, hint);
	error_clear(&fixture->err);
}

static const struct text_file THREE[] = {{"001_a.sql", "CREATE TABLE t (a int)"},
                                         {"2_b.sql", "CREATE INDEX ON t (a)"},
                                         {"10_c.sql", "SELECT 1"},
                                         {0}};

static void what_is_not_applied_is_pending_in_order(void **state)
{
	(void)state;
	struct fixture fixture;
	start(&fixture, THREE);
	apply(&fixture, "1");
	build(&fixture);
	assert_int_equal(fixture.status, OK);
	assert_string_equal(text_of(&fixture), "001 applied, 2 pending, 10 pending -> 2 10");
	assert_int_equal(fixture.plan.applied_count, 1);

	fixture.options.until = "02";
	build(&fixture);
	assert_string_equal(text_of(&fixture), "001 applied, 2 pending, "
		            "10 pending (it is behind --until 02: not in this plan) -> 2");
	fixture.options.until = "3";
	build(&fixture);
	check_refusal(&fixture, "no migration has version 3", "Name a version that `pgsluice status` lists.");
}

static void checksums_tell_edited_files(void **state)
{
	(void)state;
	struct fixture fixture;
	start(&fixture, THREE);
	struct applied *row = apply(&fixture, "001");
	row->checksum = fixture.set.items[0].up.canonical->hex;
	build(&fixture);
	assert_int_equal(fixture.status, OK);
	row->checksum = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
	build(&fixture);
	check_refusal(&fixture,
	              arena_printf(arena, "m/001_a.sql: file m/001_a.sql was edited after it was applied: its checksum is "
	                                  "%.12s, the history has 0123456789ab", fixture.set.items[0].up.canonical->hex),
	              "Restore the file as it was applied and put the change into a new migration.");
	assert_int_equal(fixture.plan.items.items[0].state, STATE_EDITED);
}

static void an_applied_version_without_file_is_refused(void **state)
{
	(void)state;
	struct fixture fixture;
	start(&fixture, THREE);
	apply(&fixture, "001");
	apply(&fixture, "02");
	apply(&fixture, "3");
	build(&fixture);
	check_refusal(&fixture, "version 3 (a) is applied and its file is gone",
	              "Bring the file back; if it was never meant to be there, see pgsluice-runbook(7).");
}

static void a_history_with_a_version_twice_is_refused(void **state)
{
	(void)state;
	struct fixture fixture;
	start(&fixture, THREE);
	apply(&fixture, "001");
	apply(&fixture, "1");
	build(&fixture);
	check_refusal(&fixture, "the history has two rows for one version: 001 and 1",
	              "Delete the row that is wrong; leading zeros do not count.");
}

static void a_version_below_the_highest_applied_is_refused(void **state)
{
	(void)state;
	static const char *const TWO[] = {"02"};
	const struct text_list named = {.items = (const char **)TWO, .count = 1};
	struct fixture fixture;
	start(&fixture, THREE);
	apply(&fixture, "001");
	apply(&fixture, "10");
	build(&fixture);
	check_refusal(&fixture, "m/2_b.sql: version 2 is not applied and it is below 10, the highest applied version",
	              "Give it a higher number, or name it with --out-of-order 2.");
	fixture.options.out_of_order = &named;
	build(&fixture);
	assert_int_equal(fixture.status, OK);
	assert_string_equal(text_of(&fixture), "001 applied, 2 pending, 10 applied -> 2");
	fixture.options.out_of_order = NULL;
	fixture.options.held_before = &named;
	build(&fixture);
	assert_int_equal(fixture.status, OK);
}

static void what_the_target_lacks_is_held_with_all_that_needs_it(void **state)
{
	(void)state;
	static const struct text_file FILES[] = {
		{"1_a.sql", "CREATE TABLE t (a int)"},
		{"2_b.sql", "-- pgsluice:requires-extension vector >= 0.10\nALTER TABLE t ADD COLUMN e int"},
		{"3_c.sql", "CREATE INDEX ON t (e)"},
		{"4_d.sql", "-- pgsluice:requires 3\nSELECT 1"},
		{"5_e.sql", "CREATE INDEX ON t (a)"},
		{"6_f.sql", "-- pgsluice:requires-server >= 16\nSELECT 1"},
		{0}};
	struct fixture fixture;
	start(&fixture, FILES);
	build(&fixture);
	assert_int_equal(fixture.status, OK);
	assert_string_equal(text_of(&fixture),
	                    "1 pending, 2 held (it requires extension vector >= 0.10, which this server does not have), "
	                    "3 held (it needs 2, which is held), 4 held (it needs 3, which is held), 5 pending, "
	                    "6 held (it requires server >= 16 and this one is 15) -> 1 5");
	assert_int_equal(fixture.plan.held_count, 4);

	struct extension *vector = list_add(arena, &fixture.target.extensions);
	*vector = (struct extension){.name = "vector", .installed = "0.9.1", .available = "0.11"};
	build(&fixture);
	assert_string_equal(fixture.plan.items.items[1].reason,
	                    "it requires extension vector >= 0.10 and 0.9.1 is installed");
	vector->installed = NULL;
	build(&fixture);
	assert_int_equal(fixture.plan.items.items[1].state, STATE_PENDING);
}

static void conflicts_are_refused(void **state)
{
	(void)state;
	static const struct text_file FILES[] = {
		{"1_a.sql", ""}, {"2_b.sql", "-- pgsluice:conflicts 1 99\n"}, {0}};
	struct fixture fixture;
	start(&fixture, FILES);
	build(&fixture);
	check_refusal(&fixture, "m/2_b.sql: migration 2 conflicts with 1, which is pending",
	              "Only one of them can be applied to this database: remove the other's file.");
	apply(&fixture, "1");
	build(&fixture);
	check_refusal(&fixture, "m/2_b.sql: migration 2 conflicts with 1, which is applied",
	              "Only one of them can be applied to this database: remove the other's file.");
}

static void a_contract_shares_no_plan_with_its_expand(void **state)
{
	(void)state;
	static const struct text_file FILES[] = {
		{"1_a.sql", "CREATE TABLE t (a int)"},
		{"2_b.sql", "-- pgsluice:phase expand\nALTER TABLE t ADD COLUMN b int"},
		{"3_c.sql", "-- pgsluice:requires 2\n-- pgsluice:phase backfill\nUPDATE t SET b = a"},
		{"4_d.sql", "-- pgsluice:requires 3\n-- pgsluice:phase contract\nALTER TABLE t DROP COLUMN a"},
		{"5_e.sql", "-- pgsluice:phase expand\nSELECT 1"},
		{0}};
	struct fixture fixture;
	start(&fixture, FILES);
	build(&fixture);
	check_refusal(&fixture, "m/4_d.sql: migration 4 is the contract of 2 and cannot share a plan with it",
	              "Apply up to 3 first with --until 3, release what uses the new shape, and apply 4 afterwards.");
	apply(&fixture, "1");
	apply(&fixture, "2");
	build(&fixture);
	assert_int_equal(fixture.status, OK);
}

static void a_half_way_version_is_partial_and_goes_on(void **state)
{
	(void)state;
	static const char *const TWO[] = {"2"};
	const struct text_list partial = {.items = (const char **)TWO, .count = 1};
	struct fixture fixture;
	start(&fixture, THREE);
	apply(&fixture, "1");
	fixture.options.partial = &partial;
	build(&fixture);
	assert_string_equal(text_of(&fixture), "001 applied, 2 partial (a run stopped inside it), 10 pending -> 2 10");
}

static const char *id_of(struct fixture *fixture)
{
	build(fixture);
	assert_int_equal(fixture->status, OK);
	return arena_strdup(arena, fixture->plan.id.hex);
}

static void the_plan_id_seals_what_was_seen(void **state)
{
	(void)state;
	struct fixture fixture;
	start(&fixture, THREE);
	const char *id = id_of(&fixture);
	assert_int_equal(strlen(id), 64);
	assert_string_equal(id_of(&fixture), id);

#define CHANGES(change)                                            \
	do {                                                       \
		struct fixture other = fixture;                    \
		other.err = (struct error){0};                     \
		change;                                            \
		assert_string_not_equal(id_of(&other), id);        \
	} while (0)
	struct waiver waiver = {"inspect.drift", "known"};
	static const char *const TABLE[] = {"table t"};
	const struct text_list drift = {.items = (const char **)TABLE, .count = 1};
	CHANGES(other.target.system_identifier = "7000000000000000002");
	CHANGES(other.target.timeline = "2");
	CHANGES(other.target.database_oid = "16385");
	CHANGES(other.target.environment = "PROD");
	CHANGES(other.target.server_version = 150005);
	CHANGES(other.options.schema_digest = "ab");
	CHANGES(other.options.until = "2");
	CHANGES((other.options.waivers = &waiver, other.options.waiver_count = 1));
	CHANGES(other.options.accepted_drift = &drift);
	CHANGES(other.history.rows.count = 0; apply(&other, "1"));
#undef CHANGES
}

static const char *id_of_files(const struct text_file *files)
{
	struct fixture fixture;
	start(&fixture, files);
	return id_of(&fixture);
}

static void the_plan_id_is_blind_to_what_does_not_matter(void **state)
{
	(void)state;
	static const struct text_file BASE[] = {{"1_a.sql", "SELECT 1;\nSELECT 2"}, {"1_a.down.sql", "SELECT 1"}, {0}};
	static const struct text_file CRLF[] = {
		{"001_a.sql", "\xEF\xBB\xBFSELECT 1;\r\nSELECT 2"}, {"1_a.down.sql", "SELECT 1"}, {"README", "x"}, {0}};
	static const struct text_file UP[] = {{"1_a.sql", "SELECT 1;\nSELECT 3"}, {"1_a.down.sql", "SELECT 1"}, {0}};
	static const struct text_file DOWN[] = {{"1_a.sql", "SELECT 1;\nSELECT 2"}, {"1_a.down.sql", "SELECT 2"}, {0}};
	static const struct text_file ALONE[] = {{"1_a.sql", "SELECT 1;\nSELECT 2"}, {0}};
	const char *id = id_of_files(BASE);
	assert_string_equal(id_of_files(CRLF), id);
	assert_string_not_equal(id_of_files(UP), id);
	assert_string_not_equal(id_of_files(DOWN), id);
	assert_string_not_equal(id_of_files(ALONE), id);
}

static void twelve_digits_name_a_plan(void **state)
{
	(void)state;
	struct fixture fixture;
	start(&fixture, THREE);
	const char *id = id_of(&fixture);
	assert_true(plan_id_matches(&fixture.plan, id));
	assert_true(plan_id_matches(&fixture.plan, arena_strndup(arena, id, 12)));
	assert_false(plan_id_matches(&fixture.plan, arena_strndup(arena, id, 11)));
	assert_false(plan_id_matches(&fixture.plan, "000000000000"));
	assert_false(plan_id_matches(&fixture.plan, arena_printf(arena, "%s0", id)));
}

static void the_document_shows_steps_and_reasons(void **state)
{
	(void)state;
	static const struct text_file FILES[] = {
		{"1_a.sql", "CREATE TABLE t (a int)"}, {"2_b.sql", "CREATE INDEX CONCURRENTLY i ON t (a)"}, {0}};
	struct fixture fixture;
	start(&fixture, FILES);
	build(&fixture);
	_cleanup_json_ struct json *document = plan_json(&fixture.plan);
	assert_int_equal(json_get_int(document, "v"), 1);
	assert_string_equal(json_get_text(document, "plan_id"), fixture.plan.id.hex);
	const struct json *second = json_at(json_get(document, "migrations"), 1);
	assert_string_equal(json_get_text(second, "state"), "pending");
	assert_string_equal(json_get_text(second, "transaction"), "none");
	const struct json *need = json_at(json_get(second, "requires"), 0);
	assert_string_equal(json_get_text(need, "version"), "1");
	assert_string_equal(json_get_text(need, "reason"), "uses table t, created here");
	const struct json *step = json_at(json_get(second, "steps"), 0);
	assert_false(json_get_bool(step, "transactional"));
	assert_string_equal(json_get_text(json_at(json_get(step, "statements"), 0), "tag"), "CREATE INDEX");
}

static void equal_statements_in_a_row_are_one_line_of_the_document(void **state)
{
	(void)state;
	static const struct text_file FILES[] = {
		{"1_a.sql", "CREATE TABLE t (a int);\nINSERT INTO t VALUES (1);\nINSERT INTO t VALUES (2);\n"
	                    "INSERT INTO t VALUES (3);\nDELETE FROM t;\n"},
		{0}};
	struct fixture fixture;
	start(&fixture, FILES);
	build(&fixture);
	_cleanup_json_ struct json *document = plan_json(&fixture.plan);
	const struct json *step = json_at(json_get(json_at(json_get(document, "migrations"), 0), "steps"), 0);
	const struct json *statements = json_get(step, "statements");
	assert_int_equal(json_count(statements), 3);
	assert_false(json_has(json_at(statements, 0), "count"));
	assert_string_equal(json_get_text(json_at(statements, 1), "tag"), "INSERT");
	assert_int_equal(json_get_int(json_at(statements, 1), "line"), 2);
	assert_int_equal(json_get_int(json_at(statements, 1), "count"), 3);
	assert_int_equal(json_get_int(json_at(statements, 2), "line"), 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_not_applied_is_pending_in_order),
		cmocka_unit_test(checksums_tell_edited_files),
		cmocka_unit_test(an_applied_version_without_file_is_refused),
		cmocka_unit_test(a_history_with_a_version_twice_is_refused),
		cmocka_unit_test(a_version_below_the_highest_applied_is_refused),
		cmocka_unit_test(what_the_target_lacks_is_held_with_all_that_needs_it),
		cmocka_unit_test(conflicts_are_refused),
		cmocka_unit_test(a_contract_shares_no_plan_with_its_expand),
		cmocka_unit_test(a_half_way_version_is_partial_and_goes_on),
		cmocka_unit_test(the_plan_id_seals_what_was_seen),
		cmocka_unit_test(the_plan_id_is_blind_to_what_does_not_matter),
		cmocka_unit_test(twelve_digits_name_a_plan),
		cmocka_unit_test(the_document_shows_steps_and_reasons),
		cmocka_unit_test(equal_statements_in_a_row_are_one_line_of_the_document),
	};
	return cmocka_run_group_tests(tests, open_arena, close_arena);
}
