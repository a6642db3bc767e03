#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "core/flow/gate.h"

static void gates_are_found_by_name_and_by_no_other_word(void **state)
{
	(void)state;
	for (enum gate gate = 0; gate < GATE_COUNT; gate++) {
		enum gate found;
		assert_true(gate_find(gate_get(gate)->name, &found));
		assert_int_equal(found, gate);
		assert_non_null(gate_get(gate)->question);
		assert_non_null(gate_get(gate)->title);
	}
	enum gate untouched = GATE_VERIFY;
	assert_false(gate_find("plan", &untouched));
	assert_false(gate_find("Backup", &untouched));
	assert_int_equal(untouched, GATE_VERIFY);
}

static void default_validity_is_that_of_the_contract(void **state)
{
	static const int64_t HOURS = 3600 * 1000;
	(void)state;
	assert_int_equal(gate_get(GATE_INSPECT)->validity_ms, 0);
	assert_int_equal(gate_get(GATE_BACKUP)->validity_ms, 24 * HOURS);
	assert_int_equal(gate_get(GATE_REHEARSAL)->validity_ms, 24 * HOURS);
	assert_int_equal(gate_get(GATE_PLANS)->validity_ms, 24 * HOURS);
	assert_int_equal(gate_get(GATE_PREFLIGHT)->validity_ms, 30 * 1000);
	assert_int_equal(gate_get(GATE_APPROVAL)->validity_ms, 4 * HOURS);
	assert_int_equal(gate_get(GATE_APPLY)->validity_ms, 0);
	assert_int_equal(gate_get(GATE_VERIFY)->validity_ms, 0);
}

static void only_the_backup_survives_a_change_of_the_plan(void **state)
{
	(void)state;
	for (enum gate gate = 0; gate < GATE_COUNT; gate++)
		assert_int_equal(gate_get(gate)->binding == BINDS_LIVE, gate == GATE_BACKUP);
}

static void only_the_plans_depend_on_the_canaries(void **state)
{
	(void)state;
	for (enum gate gate = 0; gate < GATE_COUNT; gate++)
		assert_int_equal(gate_get(gate)->binding == BINDS_CANARIES, gate == GATE_PLANS);
}

static void only_the_apply_writes_to_live(void **state)
{
	(void)state;
	for (enum gate gate = 0; gate < GATE_COUNT; gate++)
		assert_int_equal(gate_get(gate)->writes_to_live, gate == GATE_APPLY);
}

static void a_failure_of_each_gate_has_its_exit_code(void **state)
{
	static const int CODES[GATE_COUNT] = {10, 11, 11, 11, 13, 12, 30, 33};
	(void)state;
	for (enum gate gate = 0; gate < GATE_COUNT; gate++)
		assert_int_equal(status_get(gate_get(gate)->failure)->exit_code, CODES[gate]);
}

static void states_are_found_by_name(void **state)
{
	(void)state;
	for (enum gate_state each = GATE_WAITING; each <= GATE_WAIVED; each++) {
		enum gate_state found;
		assert_true(gate_state_find(gate_state_name(each), &found));
		assert_int_equal(found, each);
	}
	enum gate_state none;
	assert_false(gate_state_find("open", &none));
}

static void a_gate_waits_for_all_before_it(void **state)
{
	_cleanup_arena_ struct arena *arena = arena_open();
	struct checklist checklist = {0};
	const char *why = NULL;
	(void)state;

	assert_true(checklist_allows(arena, &checklist, GATE_INSPECT, &why));
	assert_false(checklist_allows(arena, &checklist, GATE_BACKUP, &why));
	assert_string_equal(why, "Gate inspect has not passed: it is waiting.");

	checklist_move(&checklist, GATE_INSPECT, GATE_RUNNING);
	checklist_move(&checklist, GATE_INSPECT, GATE_PASSED);
	checklist_move(&checklist, GATE_BACKUP, GATE_WAIVED);
	assert_true(checklist_allows(arena, &checklist, GATE_REHEARSAL, &why));

	checklist_move(&checklist, GATE_REHEARSAL, GATE_RUNNING);
	checklist_move(&checklist, GATE_REHEARSAL, GATE_FAILED);
	assert_false(checklist_allows(arena, &checklist, GATE_APPLY, &why));
	assert_string_equal(why, "Gate rehearsal has not passed: it is failed.");
}

static void a_gate_that_turned_stale_shuts_what_follows(void **state)
{
	_cleanup_arena_ struct arena *arena = arena_open();
	struct checklist checklist = {.states = {[GATE_INSPECT] = GATE_PASSED, [GATE_BACKUP] = GATE_PASSED}};
	const char *why = NULL;
	(void)state;

	checklist_move(&checklist, GATE_BACKUP, GATE_STALE);
	assert_false(checklist_allows(arena, &checklist, GATE_REHEARSAL, &why));
	assert_string_equal(why, "Gate backup has not passed: it is stale.");
}

static void impossible_moves_are_refused(void **state)
{
	static const struct {
		enum gate gate;
		enum gate_state from, to;
		bool possible;
	} CASES[] = {
		{GATE_BACKUP, GATE_WAITING, GATE_PASSED, true},   {GATE_BACKUP, GATE_WAITING, GATE_FAILED, false},
		{GATE_BACKUP, GATE_FAILED, GATE_PASSED, false},   {GATE_BACKUP, GATE_FAILED, GATE_RUNNING, true},
		{GATE_BACKUP, GATE_STALE, GATE_PASSED, false},    {GATE_BACKUP, GATE_PASSED, GATE_WAITING, false},
		{GATE_BACKUP, GATE_RUNNING, GATE_STALE, false},   {GATE_BACKUP, GATE_RUNNING, GATE_WAIVED, true},
		{GATE_PREFLIGHT, GATE_PASSED, GATE_RUNNING, true}, {GATE_APPROVAL, GATE_RUNNING, GATE_WAIVED, false},
		{GATE_APPLY, GATE_WAITING, GATE_WAIVED, false},   {GATE_VERIFY, GATE_RUNNING, GATE_WAIVED, false},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
		struct checklist checklist = {0};
		checklist.states[CASES[i].gate] = CASES[i].from;
		if (checklist_can_move(&checklist, CASES[i].gate, CASES[i].to) != CASES[i].possible)
			fail_msg("row %zu: %s from %s to %s", i, gate_get(CASES[i].gate)->name,
			         gate_state_name(CASES[i].from), gate_state_name(CASES[i].to));
	}
}

static void waivers_open_only_what_may_be_waived(void **state)
{
	static const struct {
		const char *check;
		const char *why; /* NULL = allowed */
	} CASES[] = {
		{"inspect.drift", NULL},
		{"backup", NULL},
		{"backup.content", NULL},
		{"plans", NULL},
		{"plans.worse", NULL},
		{"rehearsal.verify", NULL},
		{"preflight.replicas", NULL},
		{"inspect.files", "Checksums cannot be waived: give a changed file a new version instead."},
		{"approval", "Consent cannot be waived: it is what the waiver itself would need."},
		{"approval.second", "Consent cannot be waived: it is what the waiver itself would need."},
		{"apply", "What happens on live is a fact and cannot be waived."},
		{"apply.rows", "What happens on live is a fact and cannot be waived."},
		{"verify.promise", "The proof after the apply cannot be waived: it says what live is now."},
		{"inspect", "This gate cannot be waived as a whole: name the check, as in inspect.drift."},
		{"rehearsal", "This gate cannot be waived as a whole: name the check, as in inspect.drift."},
		{"backup.", "A waiver names a check as GATE.CHECK, and no check follows the dot."},
		{"drift", "A waiver names a check as GATE.CHECK, and there is no such gate."},
		{"", "A waiver names a check as GATE.CHECK, and there is no such gate."},
		{"back.content", "A waiver names a check as GATE.CHECK, and there is no such gate."},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
		const char *why = NULL;
		if (waiver_allowed(CASES[i].check, &why) != (CASES[i].why == NULL))
			fail_msg("row %zu: \"%s\"", i, CASES[i].check);
		if (CASES[i].why)
			assert_string_equal(why, CASES[i].why);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gates_are_found_by_name_and_by_no_other_word),
		cmocka_unit_test(default_validity_is_that_of_the_contract),
		cmocka_unit_test(only_the_backup_survives_a_change_of_the_plan),
		cmocka_unit_test(only_the_plans_depend_on_the_canaries),
		cmocka_unit_test(only_the_apply_writes_to_live),
		cmocka_unit_test(a_failure_of_each_gate_has_its_exit_code),
		cmocka_unit_test(states_are_found_by_name),
		cmocka_unit_test(a_gate_waits_for_all_before_it),
		cmocka_unit_test(a_gate_that_turned_stale_shuts_what_follows),
		cmocka_unit_test(impossible_moves_are_refused),
		cmocka_unit_test(waivers_open_only_what_may_be_waived),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
