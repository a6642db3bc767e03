#include "place.h"

#include <poll.h>
#include <signal.h>

#include "sys/clock.h"
#include "sys/loop.h"

struct fixture {
	struct loop *loop;
	int pipe[2];
	struct error err;
};

static int open_loop(void **state)
{
	static struct fixture fixture;
	fixture = (struct fixture){0};
	*state = &fixture;
	/* These tests may be run by nohup, or by a shell in its background. */
	signal(SIGINT, SIG_DFL);
	signal(SIGHUP, SIG_DFL);
	return loop_open(&fixture.loop, &fixture.err) != OK || pipe(fixture.pipe) != 0;
}

static int close_loop(void **state)
{
	struct fixture *fixture = *state;
	loop_close(fixture->loop);
	close(fixture->pipe[0]);
	close(fixture->pipe[1]);
	error_clear(&fixture->err);
	return 0;
}

static void put_byte(const struct fixture *fixture)
{
	assert_int_equal(write(fixture->pipe[1], "x", 1), 1);
}

static void take_byte(int fd)
{
	char byte;
	assert_int_equal(read(fd, &byte, 1), 1);
}

static void a_ready_descriptor_ends_the_wait(void **state)
{
	struct fixture *fixture = *state;
	struct loop_fd fds[] = {{.fd = -1, .events = POLLIN}, {.fd = fixture->pipe[0], .events = POLLIN}};
	put_byte(fixture);
	assert_int_equal(loop_wait(fixture->loop, fds, 2, INT64_MAX), LOOP_READY);
	assert_int_equal(fds[0].revents, 0);
	assert_int_equal(fds[1].revents, POLLIN);
}

static void the_deadline_ends_the_wait_and_not_before(void **state)
{
	struct fixture *fixture = *state;
	struct loop_fd fd = {.fd = fixture->pipe[0], .events = POLLIN};
	int64_t deadline_ms = clock_ms() + 20;
	assert_int_equal(loop_wait(fixture->loop, &fd, 1, deadline_ms), LOOP_TIMEOUT);
	assert_true(clock_ms() >= deadline_ms);
	assert_int_equal(fd.revents, 0);
}

static void a_deadline_in_the_past_looks_once(void **state)
{
	struct fixture *fixture = *state;
	struct loop_fd fd = {.fd = fixture->pipe[0], .events = POLLIN};
	assert_int_equal(loop_wait(fixture->loop, &fd, 1, 0), LOOP_TIMEOUT);
	put_byte(fixture);
	assert_int_equal(loop_wait(fixture->loop, &fd, 1, 0), LOOP_READY);
}

static void a_signal_stops_this_and_every_later_wait(void **state)
{
	struct fixture *fixture = *state;
	struct error err = {0};
	raise(SIGINT);
	assert_int_equal(loop_sleep(fixture->loop, 60000), LOOP_STOPPED);
	assert_int_equal(loop_sleep(fixture->loop, 60000), LOOP_STOPPED);
	assert_int_equal(loop_stop_signal(fixture->loop), SIGINT);
	assert_int_equal(loop_stop_error(fixture->loop, &err), FAIL_INTERRUPTED);
	assert_string_equal(err.message, "interrupted by SIGINT");
	error_clear(&err);
}

static void the_first_of_several_signals_names_the_outcome(void **state)
{
	struct fixture *fixture = *state;
	struct error err = {0};
	raise(SIGTERM);
	raise(SIGINT);
	assert_int_equal(loop_sleep(fixture->loop, 60000), LOOP_STOPPED);
	assert_int_equal(loop_stop_error(fixture->loop, &err), FAIL_TERMINATED);
	assert_string_equal(err.message, "terminated by SIGTERM");
	error_clear(&err);
}

static void raise_signal(struct loop_timer *timer)
{
	(void)timer;
	raise(SIGTERM);
}

static void a_signal_during_the_wait_stops_it(void **state)
{
	struct fixture *fixture = *state;
	struct loop_timer timer = {.due_ms = clock_ms() + 5, .due = raise_signal};
	loop_add_timer(fixture->loop, &timer);
	assert_int_equal(loop_wait(fixture->loop, NULL, 0, INT64_MAX), LOOP_STOPPED);
	loop_remove_timer(fixture->loop, &timer);
}

static void a_shield_keeps_a_stop_for_later(void **state)
{
	struct fixture *fixture = *state;
	loop_shield(fixture->loop);
	loop_shield(fixture->loop);
	raise(SIGTERM);
	assert_int_equal(loop_sleep(fixture->loop, 1), LOOP_TIMEOUT);
	loop_unshield(fixture->loop);
	assert_int_equal(loop_sleep(fixture->loop, 1), LOOP_TIMEOUT);
	loop_unshield(fixture->loop);
	assert_int_equal(loop_sleep(fixture->loop, 60000), LOOP_STOPPED);
}

static void writing_to_a_closed_pipe_is_no_end(void **state)
{
	struct fixture *fixture = *state;
	close(fixture->pipe[0]);
	fixture->pipe[0] = -1;
	assert_int_equal(write(fixture->pipe[1], "x", 1), -1);
}

static void closing_restores_the_signals(void **state)
{
	struct error err = {0};
	struct sigaction before, after;
	struct loop *loop;
	(void)state;
	signal(SIGTERM, SIG_IGN);
	sigaction(SIGTERM, NULL, &before);
	assert_int_equal(loop_open(&loop, &err), OK);
	sigaction(SIGTERM, NULL, &after);
	assert_true(after.sa_handler != SIG_IGN);
	loop_close(loop);
	sigaction(SIGTERM, NULL, &after);
	assert_true(after.sa_handler == before.sa_handler);
	signal(SIGTERM, SIG_DFL);
}

static void a_hangup_ignored_from_the_start_stays_ignored(void **state)
{
	struct error err = {0};
	struct loop *loop;
	(void)state;
	signal(SIGHUP, SIG_IGN);
	assert_int_equal(loop_open(&loop, &err), OK);
	raise(SIGHUP);
	assert_int_equal(loop_sleep(loop, 0), LOOP_TIMEOUT);
	loop_close(loop);
	signal(SIGHUP, SIG_DFL);
}

/* Counts its calls and takes what it was called for. */
static void count_and_take(struct loop_handler *handler, short revents)
{
	assert_true(revents & POLLIN);
	take_byte(handler->fd);
	++*(int *)handler->context;
}

static void handlers_are_served_while_a_caller_waits_for_something_else(void **state)
{
	struct fixture *fixture = *state;
	int calls = 0;
	struct loop_handler handler = {
		.fd = fixture->pipe[0], .events = POLLIN, .ready = count_and_take, .context = &calls};
	loop_add(fixture->loop, &handler);
	put_byte(fixture);
	assert_int_equal(loop_sleep(fixture->loop, 5), LOOP_TIMEOUT);
	assert_int_equal(calls, 1);
	loop_remove(fixture->loop, &handler);
	put_byte(fixture);
	assert_int_equal(loop_sleep(fixture->loop, 0), LOOP_TIMEOUT);
	assert_int_equal(calls, 1);
}

struct pair {
	struct loop *loop;
	struct loop_handler one, other;
	int calls;
};

static void remove_both(struct loop_handler *handler, short revents)
{
	struct pair *pair = handler->context;
	(void)revents;
	pair->calls++;
	loop_remove(pair->loop, &pair->one);
	loop_remove(pair->loop, &pair->other);
}

static void a_handler_removed_by_another_is_not_called(void **state)
{
	struct fixture *fixture = *state;
	struct pair pair = {.loop = fixture->loop};
	pair.one = pair.other = (struct loop_handler){
		.fd = fixture->pipe[0], .events = POLLIN, .ready = remove_both, .context = &pair};
	loop_add(fixture->loop, &pair.one);
	loop_add(fixture->loop, &pair.other);
	put_byte(fixture);
	assert_int_equal(loop_sleep(fixture->loop, 0), LOOP_TIMEOUT);
	assert_int_equal(pair.calls, 1);
}

static void count_due(struct loop_timer *timer)
{
	++*(int *)timer->context;
}

static void a_timer_fires_once_until_it_is_armed_again(void **state)
{
	struct fixture *fixture = *state;
	int fired = 0;
	struct loop_timer timer = {.due_ms = clock_ms() + 1, .due = count_due, .context = &fired};
	loop_add_timer(fixture->loop, &timer);
	assert_int_equal(loop_sleep(fixture->loop, 10), LOOP_TIMEOUT);
	assert_int_equal(fired, 1);
	assert_true(timer.due_ms == INT64_MAX);
	timer.due_ms = clock_ms();
	assert_int_equal(loop_sleep(fixture->loop, 0), LOOP_TIMEOUT);
	assert_int_equal(fired, 2);
	loop_remove_timer(fixture->loop, &timer);
}

static void count_and_rearm(struct loop_timer *timer)
{
	++*(int *)timer->context;
	timer->due_ms = 0;
}

static void a_timer_that_is_always_due_cannot_hold_the_loop(void **state)
{
	struct fixture *fixture = *state;
	int fired = 0;
	struct loop_timer timer = {.due_ms = 0, .due = count_and_rearm, .context = &fired};
	loop_add_timer(fixture->loop, &timer);
	assert_int_equal(loop_sleep(fixture->loop, 0), LOOP_TIMEOUT);
	assert_int_equal(fired, 1);
	loop_remove_timer(fixture->loop, &timer);
}

static void stop_loop(struct loop_timer *timer)
{
	loop_stop(timer->context, SIGINT);
}

static void a_handler_can_ask_to_stop(void **state)
{
	struct fixture *fixture = *state;
	struct loop_timer timer = {.due_ms = 0, .due = stop_loop, .context = fixture->loop};
	loop_add_timer(fixture->loop, &timer);
	assert_int_equal(loop_wait(fixture->loop, NULL, 0, INT64_MAX), LOOP_STOPPED);
	assert_int_equal(loop_stop_signal(fixture->loop), SIGINT);
	loop_remove_timer(fixture->loop, &timer);
}

static void a_cancel_can_be_taken_back_and_a_signal_cannot(void **state)
{
	struct fixture *fixture = *state;
	_cleanup_error_ struct error err = {0};
	loop_cancel(fixture->loop, "alice");
	assert_int_equal(loop_sleep(fixture->loop, 0), LOOP_STOPPED);
	assert_int_equal(loop_stop_error(fixture->loop, &err), FAIL_INTERRUPTED);
	assert_string_equal(err.message, "cancelled by alice");
	loop_go_on(fixture->loop);
	assert_int_equal(loop_sleep(fixture->loop, 0), LOOP_TIMEOUT);
	loop_stop(fixture->loop, SIGTERM);
	loop_cancel(fixture->loop, "alice");
	loop_go_on(fixture->loop);
	assert_int_equal(loop_sleep(fixture->loop, 0), LOOP_STOPPED);
	assert_int_equal(loop_stop_error(fixture->loop, &err), FAIL_TERMINATED);
}

static bool has_fired(void *context)
{
	return *(int *)context > 0;
}

static void a_caller_can_wait_for_what_a_handler_does(void **state)
{
	struct fixture *fixture = *state;
	int fired = 0;
	struct loop_timer timer = {.due_ms = clock_ms() + 5, .due = count_and_rearm, .context = &fired};
	loop_add_timer(fixture->loop, &timer);
	assert_int_equal(loop_until(fixture->loop, has_fired, &fired, INT64_MAX), LOOP_READY);
	loop_remove_timer(fixture->loop, &timer);
	fired = 0;
	assert_int_equal(loop_until(fixture->loop, has_fired, &fired, clock_ms() + 5), LOOP_TIMEOUT);
	loop_stop(fixture->loop, SIGINT);
	assert_int_equal(loop_until(fixture->loop, has_fired, &fired, INT64_MAX), LOOP_STOPPED);
}

#define LOOP_TEST(name) cmocka_unit_test_setup_teardown(name, open_loop, close_loop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		LOOP_TEST(a_ready_descriptor_ends_the_wait),
		LOOP_TEST(the_deadline_ends_the_wait_and_not_before),
		LOOP_TEST(a_deadline_in_the_past_looks_once),
		LOOP_TEST(a_signal_stops_this_and_every_later_wait),
		LOOP_TEST(the_first_of_several_signals_names_the_outcome),
		LOOP_TEST(a_signal_during_the_wait_stops_it),
		LOOP_TEST(a_shield_keeps_a_stop_for_later),
		LOOP_TEST(writing_to_a_closed_pipe_is_no_end),
		cmocka_unit_test(closing_restores_the_signals),
		cmocka_unit_test(a_hangup_ignored_from_the_start_stays_ignored),
		LOOP_TEST(handlers_are_served_while_a_caller_waits_for_something_else),
		LOOP_TEST(a_handler_removed_by_another_is_not_called),
		LOOP_TEST(a_timer_fires_once_until_it_is_armed_again),
		LOOP_TEST(a_timer_that_is_always_due_cannot_hold_the_loop),
		LOOP_TEST(a_handler_can_ask_to_stop),
		LOOP_TEST(a_cancel_can_be_taken_back_and_a_signal_cannot),
		LOOP_TEST(a_caller_can_wait_for_what_a_handler_does),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
