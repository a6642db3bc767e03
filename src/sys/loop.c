#include "sys/loop.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/panic.h"
#include "sys/clock.h"

enum action { ASKS_TO_STOP, WAKES, IGNORED };

static const struct signal_row {
	int number;
	enum action action;
	const char *name;
} SIGNALS[] = {
	{.number = SIGINT, .action = ASKS_TO_STOP, .name = "SIGINT"},
	{.number = SIGTERM, .action = ASKS_TO_STOP, .name = "SIGTERM"},
	{.number = SIGHUP, .action = ASKS_TO_STOP, .name = "SIGHUP"},
	{.number = SIGCHLD, .action = WAKES, .name = "SIGCHLD"},
	{.number = SIGPIPE, .action = IGNORED, .name = "SIGPIPE"},
	{.number = SIGXFSZ, .action = IGNORED, .name = "SIGXFSZ"},
};

enum { SIGNAL_COUNT = sizeof(SIGNALS) / sizeof(SIGNALS[0]) };

struct loop {
	int wake[2]; /* what a signal handler writes to, so that poll returns */
	struct sigaction before[SIGNAL_COUNT];
	int stop_signal;
	char *cancelled_by; /* stop_signal is theirs; NULL = it is our own */
	unsigned shields;
	bool serving; /* inside a handler or timer: no wait may start */
	struct loop_handler *handlers;
	struct loop_timer *timers;
	struct loop_child *children;
	struct pollfd *polls; /* wake pipe, handlers, caller's */
	struct loop_handler **polled;
	size_t room;
};

/* What a signal handler may touch. */
static volatile sig_atomic_t wake_fd = -1;
static volatile sig_atomic_t stop_seen;

static void on_signal(int number)
{
	int saved = errno;
	if (number != SIGCHLD && !stop_seen)
		stop_seen = number;
	/* A full pipe is fine: the loop wakes up anyway. */
	if (write(wake_fd, "", 1) < 0)
		errno = saved;
	errno = saved;
}

/* Who started us with a stop signal ignored (nohup, a shell's background job) wants it to stay so. */
static bool stays_ignored(const struct signal_row *row)
{
	struct sigaction now;
	return row->action == ASKS_TO_STOP && row->number != SIGTERM &&
	       sigaction(row->number, NULL, &now) == 0 && now.sa_handler == SIG_IGN;
}

static void take_signals(struct loop *loop)
{
	for (size_t i = 0; i < SIGNAL_COUNT; i++) {
		const struct signal_row *row = &SIGNALS[i];
		struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
		if (row->action == IGNORED || stays_ignored(row))
			action.sa_handler = SIG_IGN;
		if (row->number == SIGCHLD)
			action.sa_flags |= SA_NOCLDSTOP;
		sigemptyset(&action.sa_mask);
		sigaction(row->number, &action, &loop->before[i]);
	}
}

enum status loop_open(struct loop **ret_loop, struct error *err)
{
	assert(wake_fd == -1);
	int wake[2];
	if (pipe2(wake, O_CLOEXEC | O_NONBLOCK) != 0)
		return error_errno(err, FAIL_INTERNAL, "could not open the pipe for signals");
	struct loop *loop = memory_new(sizeof(*loop));
	memcpy(loop->wake, wake, sizeof(wake));
	wake_fd = wake[1];
	stop_seen = 0;
	take_signals(loop);
	*ret_loop = loop;
	return OK;
}

void loop_close(struct loop *loop)
{
	if (!loop)
		return;
	for (size_t i = 0; i < SIGNAL_COUNT; i++)
		sigaction(SIGNALS[i].number, &loop->before[i], NULL);
	wake_fd = -1;
	close(loop->wake[0]);
	close(loop->wake[1]);
	memory_free(loop->polls);
	memory_free(loop->polled);
	memory_free(loop->cancelled_by);
	memory_free(loop);
}

void loop_cleanup(struct loop **loop)
{
	loop_close(*loop);
}

int loop_stop_signal(const struct loop *loop)
{
	return loop->stop_signal ? loop->stop_signal : stop_seen;
}

void loop_stop(struct loop *loop, int signal_number)
{
	if (!loop_stop_signal(loop))
		loop->stop_signal = signal_number;
}

void loop_cancel(struct loop *loop, const char *who)
{
	if (loop_stop_signal(loop))
		return;
	loop->stop_signal = SIGINT;
	loop->cancelled_by = memory_strdup(who);
}

void loop_go_on(struct loop *loop)
{
	if (!loop->cancelled_by)
		return;
	memory_free(loop->cancelled_by);
	loop->cancelled_by = NULL;
	loop->stop_signal = 0;
}

static const char *signal_name(int number)
{
	for (size_t i = 0; i < SIGNAL_COUNT; i++)
		if (SIGNALS[i].number == number)
			return SIGNALS[i].name;
	return "a signal";
}

enum status loop_stop_error(const struct loop *loop, struct error *err)
{
	int number = loop_stop_signal(loop);
	if (loop->cancelled_by)
		return error_set(err, FAIL_INTERRUPTED, "cancelled by %s", loop->cancelled_by);
	if (number == SIGINT)
		return error_set(err, FAIL_INTERRUPTED, "interrupted by %s", signal_name(number));
	return error_set(err, FAIL_TERMINATED, "terminated by %s", signal_name(number));
}

void loop_shield(struct loop *loop)
{
	loop->shields++;
}

void loop_unshield(struct loop *loop)
{
	assert(loop->shields > 0);
	loop->shields--;
}

/* Puts `node` at the end of a linked list, so that what was added first is served first. */
#define LINK(head, node)                             \
	do {                                         \
		(node)->next = NULL;                 \
		while (*(head))                      \
			(head) = &(*(head))->next;   \
		*(head) = (node);                    \
	} while (0)

#define UNLINK(head, node)                                 \
	do {                                               \
		while (*(head) && *(head) != (node))       \
			(head) = &(*(head))->next;         \
		if (*(head))                               \
			*(head) = (node)->next;            \
		(node)->next = NULL;                       \
	} while (0)

void loop_add(struct loop *loop, struct loop_handler *handler)
{
	struct loop_handler **at = &loop->handlers;
	LINK(at, handler);
}

void loop_remove(struct loop *loop, struct loop_handler *handler)
{
	struct loop_handler **at = &loop->handlers;
	UNLINK(at, handler);
}

void loop_add_timer(struct loop *loop, struct loop_timer *timer)
{
	struct loop_timer **at = &loop->timers;
	LINK(at, timer);
}

void loop_remove_timer(struct loop *loop, struct loop_timer *timer)
{
	struct loop_timer **at = &loop->timers;
	UNLINK(at, timer);
}

void loop_add_child(struct loop *loop, struct loop_child *child)
{
	struct loop_child **at = &loop->children;
	LINK(at, child);
}

void loop_remove_child(struct loop *loop, struct loop_child *child)
{
	struct loop_child **at = &loop->children;
	UNLINK(at, child);
}

void loop_check_children(struct loop *loop)
{
	for (struct loop_child *child = loop->children, *next; child; child = next) {
		siginfo_t info = {0};
		next = child->next;
		/* Left as a zombie: as long as it is one, its number cannot become somebody else's. */
		if (!child->has_ended &&
		    waitid(P_PID, (id_t)child->pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
		    info.si_pid == child->pid) {
			child->has_ended = true;
			child->ended(child);
		}
	}
}

static void serve_wake(struct loop *loop)
{
	char bytes[256];
	while (read(loop->wake[0], bytes, sizeof(bytes)) > 0)
		;
	loop_check_children(loop);
}

/* Serves each timer at most once a round, so that one that is always due again cannot hold the loop. */
static void serve_timers(struct loop *loop)
{
	int64_t now_ms = clock_ms();
	size_t rounds = 0;
	for (struct loop_timer *timer = loop->timers; timer; timer = timer->next)
		rounds++;
	for (; rounds > 0; rounds--) {
		struct loop_timer *first = loop->timers;
		for (struct loop_timer *timer = loop->timers; timer; timer = timer->next)
			if (timer->due_ms < first->due_ms)
				first = timer;
		if (!first || first->due_ms > now_ms)
			return;
		first->due_ms = INT64_MAX;
		first->due(first);
	}
}

static int64_t in_us(int64_t due_ms)
{
	return due_ms > INT64_MAX / 1000 ? INT64_MAX : due_ms * 1000;
}

static int64_t next_due_us(const struct loop *loop, int64_t deadline_us)
{
	for (const struct loop_timer *timer = loop->timers; timer; timer = timer->next)
		if (in_us(timer->due_ms) < deadline_us)
			deadline_us = in_us(timer->due_ms);
	return deadline_us;
}

/* NULL = without limit. */
static const struct timespec *poll_timeout(const struct loop *loop, int64_t deadline_us, struct timespec *timeout)
{
	int64_t due_us = next_due_us(loop, deadline_us);
	if (due_us == INT64_MAX)
		return NULL;
	int64_t left_us = due_us - clock_us();
	if (left_us < 0)
		left_us = 0;
	*timeout = (struct timespec){.tv_sec = (time_t)(left_us / 1000000), .tv_nsec = (long)(left_us % 1000000) * 1000};
	return timeout;
}

static size_t collect(struct loop *loop, const struct loop_fd *fds, size_t count)
{
	size_t needed = 1 + count;
	for (struct loop_handler *handler = loop->handlers; handler; handler = handler->next)
		needed++;
	if (needed > loop->room) {
		loop->room = needed * 2;
		loop->polls = memory_resize(loop->polls, loop->room * sizeof(*loop->polls));
		loop->polled = memory_resize(loop->polled, loop->room * sizeof(struct loop_handler *));
	}
	size_t at = 0;
	loop->polled[at] = NULL;
	loop->polls[at++] = (struct pollfd){.fd = loop->wake[0], .events = POLLIN};
	for (struct loop_handler *handler = loop->handlers; handler; handler = handler->next) {
		loop->polled[at] = handler;
		loop->polls[at++] = (struct pollfd){.fd = handler->fd, .events = handler->events};
	}
	for (size_t i = 0; i < count; i++)
		loop->polls[at++] = (struct pollfd){.fd = fds[i].fd, .events = fds[i].events};
	return at;
}

static bool is_linked(const struct loop *loop, const struct loop_handler *wanted)
{
	for (const struct loop_handler *handler = loop->handlers; handler; handler = handler->next)
		if (handler == wanted)
			return true;
	return false;
}

/* A handler may remove others, so each is looked up again before it is called. */
static void serve_handlers(struct loop *loop, size_t handler_count)
{
	for (size_t i = 1; i <= handler_count; i++) {
		struct loop_handler *handler = loop->polled[i];
		short revents = loop->polls[i].revents;
		if (revents && is_linked(loop, handler) && handler->fd == loop->polls[i].fd)
			handler->ready(handler, revents);
	}
}

/* One poll and all that it calls for; returns how many of the caller's descriptors are ready. */
static size_t serve_once(struct loop *loop, struct loop_fd *fds, size_t count, int64_t deadline_us)
{
	size_t total = collect(loop, fds, count), ready = 0;
	struct timespec timeout;
	int found = ppoll(loop->polls, total, poll_timeout(loop, deadline_us, &timeout), NULL);
	if (found < 0 && errno != EINTR)
		panic("could not wait for descriptors");
	for (size_t i = 0; i < count; i++) {
		fds[i].revents = found > 0 ? loop->polls[total - count + i].revents : 0;
		ready += fds[i].revents != 0;
	}
	loop->serving = true;
	if (found < 0 || loop->polls[0].revents)
		serve_wake(loop);
	if (found > 0)
		serve_handlers(loop, total - count - 1);
	serve_timers(loop);
	loop->serving = false;
	return ready;
}

enum loop_outcome loop_until(struct loop *loop, bool (*done)(void *context), void *context, int64_t deadline_ms)
{
	assert(!loop->serving);
	for (;;) {
		if (loop_stop_signal(loop) && !loop->shields)
			return LOOP_STOPPED;
		if (done(context))
			return LOOP_READY;
		if (clock_ms() >= deadline_ms)
			return LOOP_TIMEOUT;
		serve_once(loop, NULL, 0, in_us(deadline_ms));
	}
}

enum loop_outcome loop_wait_us(struct loop *loop, struct loop_fd *fds, size_t count, int64_t deadline_us)
{
	assert(!loop->serving);
	for (;;) {
		if (loop_stop_signal(loop) && !loop->shields)
			return LOOP_STOPPED;
		size_t ready = serve_once(loop, fds, count, deadline_us);
		if (loop_stop_signal(loop) && !loop->shields)
			return LOOP_STOPPED;
		if (ready)
			return LOOP_READY;
		if (clock_us() >= deadline_us)
			return LOOP_TIMEOUT;
	}
}

enum loop_outcome loop_wait(struct loop *loop, struct loop_fd *fds, size_t count, int64_t deadline_ms)
{
	return loop_wait_us(loop, fds, count, in_us(deadline_ms));
}

enum loop_outcome loop_sleep(struct loop *loop, int64_t duration_ms)
{
	return loop_wait(loop, NULL, 0, clock_ms() + duration_ms);
}
