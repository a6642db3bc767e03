#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <string.h>

#include <cmocka.h>

#include "story.h"

static struct model *a_run(void)
{
	struct model *model = model_open();
	tell_beginning(model);
	return model;
}

static void a_plan_becomes_migrations_with_their_edges_and_locks(void **state)
{
	struct model *model = a_run();
	(void)state;
	assert_int_equal(model->migrations.count, 4);
	assert_int_equal(model->applied_count, 1);
	assert_int_equal(model->pending_count, 2);
	assert_int_equal(model->held_count, 1);
	const struct model_migration *index = model_find(model, "8");
	assert_string_equal(index->strongest_lock, "SHARE UPDATE EXCLUSIVE");
	assert_int_equal(index->needs.items[0].migration, 1);
	assert_string_equal(index->needs.items[0].reason, "uses column orders.state");
	assert_int_equal(model_find(model, "007")->needed_by.items[0], 2);
	assert_string_equal(model_find(model, "007")->strongest_lock, "ACCESS EXCLUSIVE");
	assert_int_equal(index->promised_ms, -1);
	assert_null(model_find(model, "010"));
	model_close(model);
}

static void a_run_that_could_not_read_its_plan_shows_nothing_of_the_one_before(void **state)
{
	struct model *model = a_run();
	(void)state;
	TELL(model, "\"type\":\"gate\",\"gate\":\"inspect\",\"state\":\"passed\"",
	     "\"type\":\"end\",\"exit\":0,\"reason\":\"done\"");
	model->seq = 0;
	TELL(model, "\"type\":\"log\",\"level\":\"notice\",\"message\":\"anna watches\"");
	assert_false(model->ended);
	assert_null(model->run_id);
	assert_null(model->plan_id);
	assert_int_equal(model->gates[GATE_INSPECT].state, GATE_WAITING);
	assert_int_equal(model->migrations.count, 0);
	assert_string_equal(model->environment, "PROD");
	TELL(model, "\"type\":\"end\",\"exit\":22,\"reason\":\"no server\"");
	assert_int_equal(model->exit_code, 22);
	assert_int_equal(model->line_count, 2);
	model_close(model);
}

static void what_was_said_before_the_plan_was_read_stays_in_the_log(void **state)
{
	struct model *model = model_open();
	(void)state;
	TELL(model, "\"type\":\"log\",\"level\":\"warning\",\"message\":\"logging out ends this engine\"");
	tell_beginning(model);
	assert_string_equal(model_line(model, 0)->text, "logging out ends this engine");
	model_close(model);
}

static void gates_keep_what_was_said_of_them(void **state)
{
	struct model *model = a_run();
	(void)state;
	TELL(model, "\"type\":\"gate\",\"gate\":\"inspect\",\"state\":\"running\"");
	assert_int_equal(model->at_work, GATE_INSPECT);
	TELL(model,
	     "\"type\":\"evidence\",\"gate\":\"inspect\",\"check\":\"inspect.drift\",\"measured\":\"1 object differs\","
	     "\"limit\":\"none\",\"ok\":false,\"hint\":\"Accept it.\"",
	     "\"type\":\"gate\",\"gate\":\"inspect\",\"state\":\"failed\",\"reason\":\"inspect.drift: 1 object\","
	     "\"hint\":\"Accept it.\"");
	const struct model_gate *gate = &model->gates[GATE_INSPECT];
	assert_int_equal(model->at_work, GATE_COUNT);
	assert_int_equal(gate->state, GATE_FAILED);
	assert_string_equal(gate->reason, "inspect.drift: 1 object");
	assert_int_equal(gate->checks.count, 1);
	assert_string_equal(gate->checks.items[0].hint, "Accept it.");
	TELL(model, "\"type\":\"gate\",\"gate\":\"inspect\",\"state\":\"running\"");
	assert_int_equal(gate->checks.count, 0);
	model_close(model);
}

static void a_migration_that_is_carried_out_on_live_is_applied_from_then_on(void **state)
{
	struct model *model = a_run();
	(void)state;
	TELL(model, "\"type\":\"gate\",\"gate\":\"rehearsal\",\"state\":\"running\"",
	     "\"type\":\"step\",\"version\":\"007\",\"step\":1,\"statement\":1,\"phase\":\"begin\"",
	     "\"type\":\"step\",\"version\":\"007\",\"step\":1,\"phase\":\"end\",\"duration_ms\":40,"
	     "\"locks\":[{\"relation\":\"orders_pkey\",\"mode\":\"ACCESS EXCLUSIVE\"}]",
	     "\"type\":\"gate\",\"gate\":\"rehearsal\",\"state\":\"passed\"");
	const struct model_migration *migration = model_find(model, "007");
	assert_string_equal(migration->state, "pending");
	assert_int_equal(migration->promised_ms, 40);
	assert_int_equal(migration->locks.count, 1);
	TELL(model, "\"type\":\"gate\",\"gate\":\"apply\",\"state\":\"running\"",
	     "\"type\":\"step\",\"version\":\"007\",\"step\":1,\"statement\":2,\"phase\":\"begin\"");
	assert_int_equal(migration->applied.state, WORK_RUNNING);
	assert_int_equal(migration->applied.statement, 2);
	TELL(model, "\"type\":\"step\",\"version\":\"007\",\"step\":1,\"phase\":\"end\",\"duration_ms\":50");
	assert_string_equal(migration->state, "applied");
	assert_int_equal(model->applied_count, 2);
	assert_int_equal(migration->applied.duration_ms, 50);
	model_close(model);
}

/* The statements of a transaction are sent together: all begin before the first has ended. */
static void of_statements_that_were_sent_together_the_first_that_has_not_ended_is_at_work(void **state)
{
	struct model *model = a_run();
	(void)state;
	TELL(model, "\"type\":\"gate\",\"gate\":\"apply\",\"state\":\"running\"",
	     "\"type\":\"step\",\"version\":\"007\",\"step\":1,\"statement\":1,\"phase\":\"begin\",\"sql\":\"first\"",
	     "\"type\":\"step\",\"version\":\"007\",\"step\":1,\"statement\":2,\"phase\":\"begin\",\"sql\":\"second\"");
	const struct model_migration *migration = model_find(model, "007");
	assert_int_equal(migration->applied.statement, 1);
	assert_string_equal(model->sql, "first");
	TELL(model, "\"type\":\"step\",\"version\":\"007\",\"step\":1,\"statement\":1,\"phase\":\"end\",\"duration_ms\":3");
	assert_int_equal(migration->applied.statement, 2);
	assert_string_equal(model->sql, "second");
	assert_string_equal(model_line(model, model->line_count - 1)->text, "007 step 1 statement 1: first");
	TELL(model, "\"type\":\"step\",\"version\":\"007\",\"step\":1,\"statement\":2,\"phase\":\"end\",\"duration_ms\":3");
	assert_string_equal(model_line(model, model->line_count - 1)->text, "007 step 1 statement 2: second");
	model_close(model);
}

static void a_reused_rehearsal_promises_too(void **state)
{
	struct model *model = a_run();
	(void)state;
	TELL(model, "\"type\":\"sample\",\"sampler\":\"promise\",\"values\":{\"migrations\":[{\"version\":\"008\","
	            "\"duration_ms\":1200,\"wal_bytes\":4096,\"locks\":[{\"relation\":\"orders\",\"mode\":\"SHARE\"}],"
	            "\"rewrites\":[\"orders\"]}]}");
	const struct model_migration *migration = model_find(model, "008");
	assert_int_equal(migration->promised_ms, 1200);
	assert_int_equal(migration->promised_wal_bytes, 4096);
	assert_string_equal(migration->strongest_lock, "SHARE");
	assert_string_equal(migration->rewrites.items[0], "orders");
	model_close(model);
}

static void what_the_downs_did_in_the_rehearsal_is_no_promise(void **state)
{
	struct model *model = a_run();
	(void)state;
	TELL(model, "\"type\":\"gate\",\"gate\":\"rehearsal\",\"state\":\"running\"",
	     "\"type\":\"step\",\"version\":\"007\",\"step\":1,\"phase\":\"end\",\"duration_ms\":40",
	     "\"type\":\"step\",\"version\":\"007\",\"step\":1,\"statement\":1,\"phase\":\"end\",\"duration_ms\":9,"
	     "\"file\":\"migrations/007_orders_state.down.sql\",\"error\":\"no\"");
	assert_int_equal(model_find(model, "007")->rehearsed.state, WORK_DONE);
	assert_int_equal(model_find(model, "007")->promised_ms, 40);
	model_close(model);
}

static void the_log_keeps_the_newest_lines_and_counts_the_others(void **state)
{
	struct model *model = a_run();
	(void)state;
	size_t before = model->line_count;
	for (size_t i = 0; i < MODEL_LINES_MAX; i++)
		TELL(model, "\"type\":\"log\",\"level\":\"info\",\"message\":\"a line\"");
	TELL(model, "\"type\":\"log\",\"level\":\"warning\",\"message\":\"the last\"");
	assert_int_equal(model->line_count, MODEL_LINES_MAX);
	assert_int_equal(model->lines_dropped, before + 1);
	assert_string_equal(model_line(model, MODEL_LINES_MAX - 1)->text, "the last");
	assert_string_equal(model_line(model, MODEL_LINES_MAX - 1)->level, "warning");
	model_close(model);
}

static void a_new_run_leaves_nothing_of_the_old(void **state)
{
	struct model *model = a_run();
	(void)state;
	TELL(model, "\"type\":\"gate\",\"gate\":\"inspect\",\"state\":\"running\"",
	     "\"type\":\"sample\",\"sampler\":\"backup\",\"values\":{\"done_bytes\":1}",
	     "\"type\":\"error\",\"code\":\"refused\",\"message\":\"it is wrong\"",
	     "\"type\":\"end\",\"exit\":10,\"reason\":\"it is wrong\"");
	assert_true(model->ended);
	assert_int_equal(model->exit_code, 10);
	tell_beginning(model);
	assert_false(model->ended);
	assert_null(model->error);
	assert_int_equal(model->line_count, 0);
	assert_int_equal(model->gates[GATE_INSPECT].state, GATE_WAITING);
	assert_null(model_sample(model, "backup"));
	model_close(model);
}

static void why_apply_is_locked_counts_gates_and_names_the_next(void **state)
{
	struct model *model = model_open();
	_cleanup_arena_ struct arena *arena = arena_open();
	(void)state;
	assert_string_equal(model_why_locked(arena, model), "No run has begun.");
	tell_beginning(model);
	TELL(model, "\"type\":\"gate\",\"gate\":\"inspect\",\"state\":\"passed\"",
	     "\"type\":\"gate\",\"gate\":\"backup\",\"state\":\"waived\"",
	     "\"type\":\"gate\",\"gate\":\"rehearsal\",\"state\":\"failed\"");
	assert_string_equal(model_why_locked(arena, model),
	                    "Apply is locked: 4 gates have to pass before it, the next is rehearsal.");
	assert_int_equal(model_next_gate(model), GATE_REHEARSAL);
	TELL(model, "\"type\":\"gate\",\"gate\":\"rehearsal\",\"state\":\"passed\"",
	     "\"type\":\"gate\",\"gate\":\"plans\",\"state\":\"passed\"",
	     "\"type\":\"gate\",\"gate\":\"preflight\",\"state\":\"passed\"",
	     "\"type\":\"gate\",\"gate\":\"approval\",\"state\":\"passed\"");
	assert_null(model_why_locked(arena, model));
	model_close(model);
}

static void requests_are_lines_of_the_log_and_the_engine_tells_its_state(void **state)
{
	struct model *model = a_run();
	(void)state;
	TELL(model,
	     "\"type\":\"request\",\"request\":\"approve\",\"accepted\":false,\"refused\":\"it is another plan\","
	     "\"user\":\"eve\",\"uid\":1000,\"pid\":7,\"plan_id\":\"0011\"",
	     "\"type\":\"engine\",\"pid\":99,\"command\":\"batch\",\"state\":\"asking\",\"gate\":\"approval\","
	     "\"attended\":true,\"viewers\":2,\"tool_version\":\"0.1.0\"");
	assert_string_equal(model_line(model, model->line_count - 1)->text,
	                    "eve asked: approve: refused: it is another plan");
	assert_string_equal(model->engine.state, "asking");
	assert_int_equal(model->engine.gate, GATE_APPROVAL);
	assert_int_equal(model->engine.goal, GATE_COUNT);
	tell_beginning(model);
	assert_int_equal(model->engine.pid, 99);
	model_close(model);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_plan_becomes_migrations_with_their_edges_and_locks),
		cmocka_unit_test(a_run_that_could_not_read_its_plan_shows_nothing_of_the_one_before),
		cmocka_unit_test(what_was_said_before_the_plan_was_read_stays_in_the_log),
		cmocka_unit_test(gates_keep_what_was_said_of_them),
		cmocka_unit_test(a_migration_that_is_carried_out_on_live_is_applied_from_then_on),
		cmocka_unit_test(of_statements_that_were_sent_together_the_first_that_has_not_ended_is_at_work),
		cmocka_unit_test(a_reused_rehearsal_promises_too),
		cmocka_unit_test(what_the_downs_did_in_the_rehearsal_is_no_promise),
		cmocka_unit_test(the_log_keeps_the_newest_lines_and_counts_the_others),
		cmocka_unit_test(a_new_run_leaves_nothing_of_the_old),
		cmocka_unit_test(requests_are_lines_of_the_log_and_the_engine_tells_its_state),
		cmocka_unit_test(why_apply_is_locked_counts_gates_and_names_the_next),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
