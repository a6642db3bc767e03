#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "engine/execute/trace.h"

static int set_up(void **state)
{
	*state = arena_open();
	return 0;
}

static int tear_down(void **state)
{
	arena_close(*state);
	return 0;
}

static void count(struct arena *arena, struct step_trace *step, const char *table, int64_t updated, int64_t deleted)
{
	*list_add(arena, &step->changes) = (struct change_count){.table = table, .updated = updated,
	                                                         .deleted = deleted};
}

static void rows_may_change_as_far_as_the_rehearsal_promised(void **state)
{
	static const struct {
		int64_t promised, now;
		bool holds;
	} CASES[] = {
		{0, 0, true}, {0, 1, false}, {1, 102, true}, {1, 103, false}, {1000, 2100, true}, {1000, 2101,
		                                                                                   false}, {5, 0,
		                                                                                            true},
	};
	for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
		struct step_trace promised = {0}, now = {0};
		const char *why = NULL;
		count(*state, &promised, "public.t", 0, CASES[i].promised);
		count(*state, &now, "public.t", 0, CASES[i].now);
		if (trace_changes_hold(*state, &promised, &now, &why) != CASES[i].holds)
			fail_msg("case %zu: %lld promised, %lld now", i, (long long)CASES[i].promised,
			         (long long)CASES[i].now);
	}
}

static void a_table_that_was_not_touched_may_not_be_touched(void **state)
{
	struct step_trace promised = {0}, now = {0};
	const char *why = NULL;
	count(*state, &now, "public.t", 3, 0);
	assert_false(trace_changes_hold(*state, &promised, &now, &why));
	assert_string_equal(why, "table public.t has 3 rows changed here and had 0 in the rehearsal");
}

static void a_table_that_kept_its_file_may_not_lose_it(void **state)
{
	struct step_trace promised = {0}, now = {0};
	const char *why = NULL;
	list_push(*state, &now.replaced, "public.t");
	assert_false(trace_changes_hold(*state, &promised, &now, &why));
	assert_string_equal(why, "table public.t is truncated, rewritten or dropped here and was not in the rehearsal");
	list_push(*state, &promised.replaced, "public.t");
	assert_true(trace_changes_hold(*state, &promised, &now, &why));
}

static void rows_that_come_are_no_loss(void **state)
{
	struct step_trace promised = {0}, now = {0};
	const char *why = NULL;
	list_add(*state, &now.changes)->table = "public.t";
	now.changes.items[0].inserted = 1000000;
	assert_true(trace_changes_hold(*state, &promised, &now, &why));
}

static void a_trace_survives_its_evidence(void **state)
{
	struct arena *arena = *state;
	struct trace trace = {0}, read = {0};
	_cleanup_error_ struct error err = {0};
	struct migration_trace *migration = list_add(arena, &trace.migrations);
	*migration = (struct migration_trace){.version = "007", .duration_ms = 12};
	struct step_trace *step = list_add(arena, &migration->steps);
	step->counted = true;
	step->live_digest = "abc";
	count(arena, step, "public.t", 1, 2);
	struct statement_trace *statement = list_add(arena, &step->statements);
	*statement = (struct statement_trace){.duration_ms = 5, .wal_bytes = 77};
	struct statement_effects *effects = statement_effects_need(arena, statement);
	relation_lock_add(arena, &effects->locks, "public.t", LOCK_ACCESS_EXCLUSIVE);
	list_push(arena, &effects->rewrites, "public.t");

	_cleanup_json_ struct json *document = trace_json(&trace);
	assert_int_equal(trace_read(arena, document, &read, &err), OK);
	const struct migration_trace *again = trace_find(&read, "007");
	assert_non_null(again);
	assert_int_equal(again->duration_ms, 12);
	assert_true(again->steps.items[0].counted);
	assert_string_equal(again->steps.items[0].live_digest, "abc");
	assert_int_equal(again->steps.items[0].changes.items[0].deleted, 2);
	assert_int_equal(again->steps.items[0].statements.items[0].effects->locks.items[0].mode, LOCK_ACCESS_EXCLUSIVE);
	assert_string_equal(again->steps.items[0].statements.items[0].effects->rewrites.items[0], "public.t");
	assert_null(trace_find(&read, "008"));
}

static void statements_that_did_nothing_worth_a_word_are_one_line(void **state)
{
	_cleanup_error_ struct error err = {0};
	struct trace trace = {0}, back = {0};
	struct migration_trace *migration = list_add(*state, &trace.migrations);
	struct step_trace *step = list_add(*state, &migration->steps);
	migration->version = "1";
	for (int i = 0; i < 5; i++)
		*list_add(*state, &step->statements) =
			(struct statement_trace){.duration_ms = 2, .wal_bytes = i < 4 ? 100 : -1};
	struct statement_effects *effects = statement_effects_need(*state, &step->statements.items[1]);
	relation_lock_add(*state, &effects->locks, "public.t", LOCK_SHARE);

	_cleanup_json_ struct json *json = trace_json(&trace);
	assert_int_equal(trace_read(*state, json, &back, &err), OK);
	const struct step_trace *read = &back.migrations.items[0].steps.items[0];
	assert_int_equal(read->statements.count, 4);
	assert_int_equal(read->statements.items[1].effects->locks.count, 1);
	assert_int_equal(read->statements.items[2].duration_ms, 4);
	assert_int_equal(read->statements.items[2].wal_bytes, 200);
	assert_int_equal(read->statements.items[3].wal_bytes, -1);
}

static void evidence_without_a_trace_is_refused(void **state)
{
	struct trace trace = {0};
	_cleanup_error_ struct error err = {0};
	assert_int_equal(trace_read(*state, NULL, &trace, &err), FAIL_REFUSED);
	assert_string_equal(err.message, "the rehearsal's evidence carries no trace");
}

static void the_strongest_lock_on_a_relation_counts(void **state)
{
	struct relation_lock_list locks = {0};
	assert_true(relation_lock_add(*state, &locks, "public.t", LOCK_SHARE));
	assert_false(relation_lock_add(*state, &locks, "public.t", LOCK_ROW_EXCLUSIVE));
	assert_true(relation_lock_add(*state, &locks, "public.t", LOCK_ACCESS_EXCLUSIVE));
	assert_int_equal(locks.count, 1);
	assert_int_equal(locks.items[0].mode, LOCK_ACCESS_EXCLUSIVE);
}

static void what_was_counted_before_is_no_change_of_this_step(void **state)
{
	struct step_trace before = {0}, now = {0};
	list_push(*state, &before.changes, ((struct change_count){.table = "public.t", .deleted = 5}));
	list_push(*state, &before.changes, ((struct change_count){.table = "public.u", .inserted = 1}));
	list_push(*state, &now.changes, ((struct change_count){.table = "public.t", .deleted = 5}));
	list_push(*state, &now.changes, ((struct change_count){.table = "public.u", .inserted = 3, .updated = 2}));
	list_push(*state, &now.changes, ((struct change_count){.table = "public.v", .deleted = 1}));
	trace_changes_since(&now, &before);
	assert_int_equal(now.changes.count, 2);
	assert_string_equal(now.changes.items[0].table, "public.u");
	assert_int_equal(now.changes.items[0].inserted, 2);
	assert_int_equal(now.changes.items[0].updated, 2);
	assert_string_equal(now.changes.items[1].table, "public.v");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(rows_may_change_as_far_as_the_rehearsal_promised, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_table_that_was_not_touched_may_not_be_touched, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_table_that_kept_its_file_may_not_lose_it, set_up, tear_down),
		cmocka_unit_test_setup_teardown(rows_that_come_are_no_loss, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_trace_survives_its_evidence, set_up, tear_down),
		cmocka_unit_test_setup_teardown(statements_that_did_nothing_worth_a_word_are_one_line, set_up,
		                                tear_down),
		cmocka_unit_test_setup_teardown(evidence_without_a_trace_is_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_strongest_lock_on_a_relation_counts, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_was_counted_before_is_no_change_of_this_step, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
