/*
 * The engine's wait: the one function in which the program blocks. While a caller waits for its descriptor, the
 * loop serves handlers (samplers, control clients, child pipes), timers and signals. Knows nothing of PostgreSQL.
 *
 * Handlers run inside the wait and never wait themselves.
 */
#ifndef SYS_LOOP_H
#define SYS_LOOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"

struct loop;

enum loop_outcome {
	LOOP_READY,   /* one of the descriptors is ready: see revents */
	LOOP_TIMEOUT, /* the deadline passed */
	LOOP_STOPPED, /* a stop was asked for (signal, or loop_stop) and the caller is not shielded */
};

/* What a caller waits for; events and revents are POLLIN, POLLOUT as in poll(2). */
struct loop_fd {
	int fd;
	short events;
	short revents;
};

/*
 * Opens the loop and takes over SIGINT, SIGTERM, SIGHUP (each asks to stop), SIGCHLD, and ignores SIGPIPE and SIGXFSZ,
 * so that these are errors of the write. A SIGINT or SIGHUP that was ignored at the start (nohup) stays ignored. One
 * loop per process. The caller closes it, which restores the former signal handling; NULL does nothing.
 */
enum status loop_open(struct loop **ret_loop, struct error *err) MUST_CHECK;
void loop_close(struct loop *loop);
void loop_cleanup(struct loop **loop);
#define _cleanup_loop_ __attribute__((cleanup(loop_cleanup)))

/*
 * deadline_ms is a clock_ms() value; INT64_MAX waits without limit, one that is past looks once. count may be 0: then
 * it sleeps, serving handlers. A stop that nobody shields from ends this and every later wait at once.
 */
enum loop_outcome loop_wait(struct loop *loop, struct loop_fd *fds, size_t count, int64_t deadline_ms) MUST_CHECK;

/* The same with a clock_us() value, for those who must send at a time to be measured from. */
enum loop_outcome loop_wait_us(struct loop *loop, struct loop_fd *fds, size_t count, int64_t deadline_us) MUST_CHECK;

/* Convenience: sleeps for a time while serving handlers. */
enum loop_outcome loop_sleep(struct loop *loop, int64_t duration_ms) MUST_CHECK;

/*
 * Serves handlers until done() says that what the caller waits for has come, which is LOOP_READY; it is asked again
 * whenever something was served.
 */
enum loop_outcome loop_until(struct loop *loop, bool (*done)(void *context), void *context,
                             int64_t deadline_ms) MUST_CHECK;

/* The signal that asked to stop, or 0. loop_stop asks as if that signal had come. */
int loop_stop_signal(const struct loop *loop);
void loop_stop(struct loop *loop, int signal_number);

/*
 * Asks the work at hand to stop as SIGINT does, on behalf of `who` (for the message), but not the program: loop_go_on
 * takes it back when that work has ended. A signal cannot be taken back.
 */
void loop_cancel(struct loop *loop, const char *who);
void loop_go_on(struct loop *loop);

/* FAIL_INTERRUPTED or FAIL_TERMINATED with a message, for a caller that saw LOOP_STOPPED. */
enum status loop_stop_error(const struct loop *loop, struct error *err);

/*
 * While shielded, a stop is remembered but does not interrupt waits: for COMMIT, for rolling back and for cleaning
 * up, all of which carry a deadline of their own. Nests.
 */
void loop_shield(struct loop *loop);
void loop_unshield(struct loop *loop);

/* A descriptor served inside every wait. The caller owns the struct and removes it before it goes away. */
struct loop_handler {
	int fd;
	short events;
	void (*ready)(struct loop_handler *handler, short revents);
	void *context;
	struct loop_handler *next; /* the loop's */
};
void loop_add(struct loop *loop, struct loop_handler *handler);
void loop_remove(struct loop *loop, struct loop_handler *handler);

/* A timer served inside every wait; due_ms is a clock_ms() value; INT64_MAX = not armed. One-shot: re-arm in due(). */
struct loop_timer {
	int64_t due_ms;
	void (*due)(struct loop_timer *timer);
	void *context;
	struct loop_timer *next; /* the loop's */
};
void loop_add_timer(struct loop *loop, struct loop_timer *timer);
void loop_remove_timer(struct loop *loop, struct loop_timer *timer);

/*
 * A child process looked at inside every wait: ended() is called once when it is over, and its exit is left for the
 * owner to collect with waitpid. sys/child.h is the way to run programs; this is what it stands on.
 */
struct loop_child {
	pid_t pid;
	bool has_ended;
	void (*ended)(struct loop_child *child);
	void *context;
	struct loop_child *next; /* the loop's */
};
void loop_add_child(struct loop *loop, struct loop_child *child);
void loop_remove_child(struct loop *loop, struct loop_child *child);

/* Looks at the children now, without waiting. */
void loop_check_children(struct loop *loop);

#endif
