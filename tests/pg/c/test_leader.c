#include "fixture.h"

#include <signal.h>

#include "engine/execute/leader.h"

/* The run that these tests take leadership for; settings and gates have no part in it. */
struct session_options run_session_options(const struct run *run, const char *role_word)
{
	return (struct session_options){.conninfo = getenv("PGSLUICE_TEST_CONNINFO"),
	                                .role_word = role_word,
	                                .run_id = run->id.text,
	                                .direct = true};
}

static struct run make_run_as(const char *role_word)
{
	struct run run = {.arena = arena, .loop = loop, .id = uuid_new()};
	struct session_options options = run_session_options(&run, role_word);
	run.live = open_with(&options);
	return run;
}

static struct run make_run(void)
{
	return make_run_as("read");
}

static struct leader *lead(struct run *run)
{
	_cleanup_error_ struct error err = {0};
	struct leader *leader = NULL;
	expect_status(leader_take(run, 0, &leader, &err), OK, &err);
	return leader;
}

static const char *leader_pid(struct run *run)
{
	return value_of(run->live, arena_printf(arena, "SELECT pid FROM pg_stat_activity WHERE application_name = "
	                                               "'pgsluice/%s/leader'",
	                                        run->id.text));
}

static void second_run_is_told_who_leads(void **state)
{
	(void)state;
	_cleanup_error_ struct error err = {0};
	struct run first = make_run(), second = make_run();
	struct leader *leader = lead(&first), *other = NULL;
	expect_status(leader_check(leader, &err), OK, &err);
	expect_status(leader_take(&second, 0, &other, &err), FAIL_BUSY, &err);
	assert_string_equal(err.message, arena_printf(arena,
	                                              "another run holds this target: process %s, pgsluice/%s/leader",
	                                              leader_pid(&first), first.id.text));
	assert_non_null(strstr(err.detail, "It is user postgres, connected from this server, for "));
	assert_string_equal(error_hint_text(&err), "Wait for the other run, or give --wait-leader DURATION.");
	leader_close(leader);
	session_close(first.live);
	session_close(second.live);
}

static void close_leadership(struct loop_timer *timer)
{
	leader_close(timer->context);
}

static void waiting_run_takes_over_when_the_first_ends(void **state)
{
	(void)state;
	_cleanup_error_ struct error err = {0};
	struct run first = make_run(), second = make_run();
	struct leader *leader = lead(&first), *other = NULL;
	struct loop_timer timer = {.due_ms = clock_ms() + 50, .due = close_leadership, .context = leader};
	loop_add_timer(loop, &timer);
	expect_status(leader_take(&second, 30000, &other, &err), OK, &err);
	expect_status(leader_check(other, &err), OK, &err);
	leader_close(other);
	session_close(first.live);
	session_close(second.live);
}

static void waiting_ends_with_the_time_or_a_stop(void **state)
{
	(void)state;
	_cleanup_error_ struct error err = {0};
	struct run first = make_run(), second = make_run();
	struct leader *leader = lead(&first), *other = NULL;
	int64_t before_ms = clock_ms();
	struct stopper stopper;
	expect_status(leader_take(&second, 300, &other, &err), FAIL_BUSY, &err);
	assert_true(clock_ms() - before_ms >= 300);
	stop_after(&stopper, 50, SIGTERM);
	expect_status(leader_take(&second, 60000, &other, &err), FAIL_TERMINATED, &err);
	leader_close(leader);
	session_close(first.live);
	session_close(second.live);
}

static void leader_holds_no_transaction_open(void **state)
{
	(void)state;
	struct run run = make_run();
	struct leader *leader = lead(&run);
	assert_value(run.live, arena_printf(arena, "SELECT state FROM pg_stat_activity WHERE pid = %s", leader_pid(&run)),
	             "idle");
	leader_close(leader);
	session_close(run.live);
}

static void lost_leadership_is_noticed(void **state)
{
	(void)state;
	_cleanup_error_ struct error err = {0};
	struct run run = make_run();
	struct leader *leader = lead(&run);
	expect_status(leader_check(leader, &err), OK, &err);
	const char *pid = leader_pid(&run);
	assert_value(run.live, arena_printf(arena, "SELECT pg_terminate_backend(%s)", pid), "t");
	/* Its socket closes a moment after it has left pg_stat_activity. */
	await(run.live, arena_printf(arena, "SELECT count(*) = 0 FROM pg_stat_activity WHERE pid = %s", pid));
	for (int64_t deadline_ms = clock_ms() + 10000; leader_check(leader, &err) == OK && clock_ms() < deadline_ms;)
		(void)!loop_sleep(loop, 5);
	expect_status(err.status, FAIL_UNREACHABLE, &err);
	assert_memory_equal(err.message, "leadership of this target was lost: ", 36);
	leader_close(leader);
	session_close(run.live);
}

static void sessions_of_earlier_runs_are_found_and_ended(void **state)
{
	(void)state;
	_cleanup_error_ struct error err = {0};
	struct run reader = make_run(), earlier = make_run_as("apply"), run = make_run();
	struct stray_list strays = {0}, left = {0};
	const char *pid = arena_printf(arena, "%d", session_backend_pid(earlier.live));
	expect_status(session_send(earlier.live, "SELECT pg_sleep(600)", 0, NULL, &err), OK, &err);
	await(run.live, arena_printf(arena, "SELECT wait_event = 'PgSleep' FROM pg_stat_activity WHERE pid = %s", pid));
	expect_status(strays_find(&run, &strays, &err), OK, &err);
	assert_int_equal(strays.count, 1);
	assert_int_equal(strays.items[0].pid, session_backend_pid(earlier.live));
	assert_string_equal(strays.items[0].application, arena_printf(arena, "pgsluice/%s/apply", earlier.id.text));
	assert_string_equal(strays.items[0].query, "SELECT pg_sleep(600)");
	expect_status(strays_wait(&run, 50, &left, &err), OK, &err);
	assert_int_equal(left.count, 1);
	expect_status(strays_end(&run, &strays, 30000, &err), OK, &err);
	expect_status(strays_wait(&run, 0, &left, &err), OK, &err);
	assert_int_equal(left.count, 0);
	session_close(reader.live);
	session_close(earlier.live);
	session_close(run.live);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		on_cluster(second_run_is_told_who_leads),
		on_cluster(waiting_run_takes_over_when_the_first_ends),
		on_cluster(waiting_ends_with_the_time_or_a_stop),
		on_cluster(leader_holds_no_transaction_open),
		on_cluster(lost_leadership_is_noticed),
		on_cluster(sessions_of_earlier_runs_are_found_and_ended),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
