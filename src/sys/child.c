#include "sys/child.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/memory.h"
#include "sys/clock.h"
#include "sys/program.h"
#include "sys/refusal.h"
#include "sys/spawn.h"

enum {
	KEPT_BYTES = 1024 * 1024, /* of each output */
	LINE_BYTES = 64 * 1024,   /* a longer line is handed over in pieces */
	CHUNK_BYTES = 16 * 1024,
	DRAIN_CHUNKS = 256, /* more than a pipe holds: a grandchild that writes on cannot keep us */
	GRACE_MS = 5000,    /* between SIGTERM and SIGKILL */
	EXIT_TIMED_OUT = 124,
};

/* One of the two outputs. */
struct stream {
	struct child *child;
	struct loop_handler handler; /* fd -1 when closed */
	bool is_error;
	struct strbuf kept; /* from the start, up to the ceiling */
	struct strbuf line; /* what came after the last newline */
};

struct child {
	struct loop *loop;
	struct arena *arena;
	struct loop_child watch;
	struct stream output, errors;
	struct loop_handler input;
	const char *input_text;
	size_t input_left;
	int news; /* eventfd: something changed that a waiter wants to know */
	struct isolation isolation;
	void (*line)(void *context, bool is_error, const char *line);
	void *context;
	int64_t deadline_ms;
};

void child_result_clear(struct child_result *result)
{
	strbuf_clear(&result->output);
	strbuf_clear(&result->errors);
	*result = (struct child_result){0};
}

static void tell_waiter(struct child *child)
{
	(void)!eventfd_write(child->news, 1);
}

static void end_handler(struct child *child, struct loop_handler *handler)
{
	if (handler->fd < 0)
		return;
	loop_remove(child->loop, handler);
	close(handler->fd);
	handler->fd = -1;
}

static void hand_over_line(struct stream *stream)
{
	if (stream->child->line)
		stream->child->line(stream->child->context, stream->is_error, strbuf_text(&stream->line));
	strbuf_reset(&stream->line);
}

/* A NUL would hide the rest of its line. */
static void take_lines(struct stream *stream, const char *bytes, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		if (bytes[i] == '\n') {
			hand_over_line(stream);
			continue;
		}
		strbuf_putc(&stream->line, bytes[i] ? bytes[i] : '?');
		if (stream->line.length >= LINE_BYTES)
			hand_over_line(stream);
	}
}

static void take_output(struct stream *stream, const char *bytes, size_t length)
{
	size_t room = KEPT_BYTES - stream->kept.length;
	strbuf_add(&stream->kept, bytes, length < room ? length : room);
	if (stream->child->line)
		take_lines(stream, bytes, length);
}

/* False when there is nothing more for now, or for ever. */
static bool read_chunk(struct stream *stream)
{
	char bytes[CHUNK_BYTES];
	if (stream->handler.fd < 0)
		return false;
	ssize_t got = read(stream->handler.fd, bytes, sizeof(bytes));
	if (got > 0) {
		take_output(stream, bytes, (size_t)got);
		return true;
	}
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return errno == EINTR;
	end_handler(stream->child, &stream->handler);
	tell_waiter(stream->child);
	return false;
}

static void on_output(struct loop_handler *handler, short revents)
{
	(void)revents;
	read_chunk(handler->context);
}

static void on_input(struct loop_handler *handler, short revents)
{
	struct child *child = handler->context;
	(void)revents;
	ssize_t done = write(handler->fd, child->input_text, child->input_left);
	if (done < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (done > 0) {
		child->input_text += done;
		child->input_left -= (size_t)done;
	}
	/* A program that does not read its input to the end is no error of ours. */
	if (done < 0 || child->input_left == 0)
		end_handler(child, handler);
}

static void on_end(struct loop_child *watch)
{
	tell_waiter(watch->context);
}

static void drain(struct stream *stream)
{
	for (int i = 0; i < DRAIN_CHUNKS && read_chunk(stream); i++)
		;
	if (stream->line.length)
		hand_over_line(stream);
}

/* The six ends of the child's standard descriptors; -1 = none. */
struct ends {
	int input[2], output[2], errors[2];
};

static void close_pair(int pair[2])
{
	for (int i = 0; i < 2; i++)
		if (pair[i] >= 0)
			close(pair[i]);
}

static void close_ends(struct ends *ends)
{
	close_pair(ends->input);
	close_pair(ends->output);
	close_pair(ends->errors);
}

static bool open_ends(struct ends *ends, bool has_input)
{
	*ends = (struct ends){{-1, -1}, {-1, -1}, {-1, -1}};
	if (has_input ? pipe2(ends->input, O_CLOEXEC) != 0
	              : (ends->input[0] = open("/dev/null", O_RDONLY | O_CLOEXEC)) < 0)
		return false;
	if (pipe2(ends->output, O_CLOEXEC) != 0 || pipe2(ends->errors, O_CLOEXEC) != 0)
		return false;
	/* Only our ends: a program does not expect a pipe that refuses to wait. */
	return fcntl(ends->output[0], F_SETFL, O_NONBLOCK) == 0 &&
	       fcntl(ends->errors[0], F_SETFL, O_NONBLOCK) == 0 &&
	       (!has_input || fcntl(ends->input[1], F_SETFL, O_NONBLOCK) == 0);
}

static void watch_stream(struct child *child, struct stream *stream, int fd, bool is_error)
{
	*stream = (struct stream){
		.child = child,
		.is_error = is_error,
		.handler = {.fd = fd, .events = POLLIN, .ready = on_output, .context = stream},
	};
	loop_add(child->loop, &stream->handler);
}

static void watch_child(struct child *child, pid_t pid, const struct ends *ends)
{
	watch_stream(child, &child->output, ends->output[0], false);
	watch_stream(child, &child->errors, ends->errors[0], true);
	child->input = (struct loop_handler){
		.fd = ends->input[1], .events = POLLOUT, .ready = on_input, .context = child};
	if (child->input.fd >= 0)
		loop_add(child->loop, &child->input);
	child->watch = (struct loop_child){.pid = pid, .ended = on_end, .context = child};
	loop_add_child(child->loop, &child->watch);
	/* It may have ended before it was watched. */
	loop_check_children(child->loop);
}

static enum status launch(struct child *child, const struct child_options *options, const char *path,
                          struct error *err)
{
	struct ends ends;
	bool has_input = options->input && options->input[0];
	if (!open_ends(&ends, has_input)) {
		refusal(err, "could not open the pipes for \"%s\"", path);
		close_ends(&ends);
		return err->status;
	}
	struct spawn_options how = {
		.path = path,
		.argv = options->argv,
		.env = program_environment(child->arena, options->env),
		.folder = options->folder,
		.input = ends.input[0],
		.output = ends.output[1],
		.errors = ends.errors[1],
		.drop_user = options->drop_user,
		.uid = options->uid,
		.gid = options->gid,
		.own_network = options->own_network,
		.hidden = options->hidden,
		.kept = options->kept,
	};
	pid_t pid;
	if (spawn(&how, &pid, &child->isolation, err) != OK) {
		close_ends(&ends);
		return err->status;
	}
	close(ends.input[0]);
	close(ends.output[1]);
	close(ends.errors[1]);
	watch_child(child, pid, &ends);
	return OK;
}

static void discard(struct child *child)
{
	if (child->news >= 0)
		close(child->news);
	strbuf_clear(&child->output.kept);
	strbuf_clear(&child->output.line);
	strbuf_clear(&child->errors.kept);
	strbuf_clear(&child->errors.line);
	arena_close(child->arena);
	memory_free(child);
}

enum status child_start(struct loop *loop, const struct child_options *options, struct child **ret_child,
                        struct error *err)
{
	struct child *child = memory_new(sizeof(*child));
	*child = (struct child){
		.loop = loop,
		.arena = arena_open(),
		.news = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK),
		.line = options->line,
		.context = options->context,
		.deadline_ms = options->deadline_ms ? options->deadline_ms : INT64_MAX,
	};
	const char *path;
	if (child->news < 0)
		refusal(err, "could not open an event descriptor for \"%s\"", options->argv[0]);
	else if (program_find(child->arena, options->argv[0], &path, err) == OK) {
		child->input_text = arena_strdup(child->arena, options->input);
		child->input_left = options->input ? strlen(options->input) : 0;
		if (launch(child, options, path, err) == OK) {
			*ret_child = child;
			return OK;
		}
	}
	discard(child);
	return err->status;
}

bool child_ended(const struct child *child)
{
	loop_check_children(child->loop);
	return child->watch.has_ended;
}

pid_t child_pid(const struct child *child)
{
	return child->watch.pid;
}

bool child_isolated(const struct child *child)
{
	return child->isolation.network && child->isolation.hidden;
}

bool child_read_only(const struct child *child)
{
	return child->isolation.read_only;
}

int child_fd(const struct child *child)
{
	return child->news;
}

/* Whether there is nobody left of the group that we could see: the program, and who else holds its outputs. */
static bool is_gone(const struct child *child)
{
	return child->watch.has_ended && child->output.handler.fd < 0 && child->errors.handler.fd < 0;
}

static bool has_ended(const struct child *child)
{
	return child->watch.has_ended;
}

static enum loop_outcome wait_until(struct child *child, bool (*holds)(const struct child *), int64_t deadline_ms)
{
	struct loop_fd news = {.fd = child->news, .events = POLLIN};
	loop_check_children(child->loop);
	while (!holds(child)) {
		enum loop_outcome outcome = loop_wait(child->loop, &news, 1, deadline_ms);
		if (outcome != LOOP_READY)
			return outcome;
		eventfd_t count;
		(void)!eventfd_read(child->news, &count);
	}
	return LOOP_READY;
}

/* The program is not collected before the end of this, so the group's number still means this group. */
static void end_group(struct child *child)
{
	loop_shield(child->loop);
	kill(-child->watch.pid, SIGTERM);
	kill(-child->watch.pid, SIGCONT);
	if (wait_until(child, is_gone, clock_ms() + GRACE_MS) != LOOP_READY) {
		kill(-child->watch.pid, SIGKILL);
		enum loop_outcome outcome = wait_until(child, has_ended, INT64_MAX);
		assert(outcome == LOOP_READY);
		(void)outcome;
	}
	loop_unshield(child->loop);
}

static int collect_exit(struct child *child)
{
	int status = 0;
	while (waitpid(child->watch.pid, &status, 0) < 0)
		if (errno != EINTR)
			return 255;
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static int release(struct child *child)
{
	loop_remove_child(child->loop, &child->watch);
	drain(&child->output);
	drain(&child->errors);
	end_handler(child, &child->output.handler);
	end_handler(child, &child->errors.handler);
	end_handler(child, &child->input);
	return collect_exit(child);
}

enum status child_wait(struct child *child, struct child_result *ret_result, struct error *err)
{
	enum loop_outcome outcome = wait_until(child, has_ended, child->deadline_ms);
	enum status status = OK;
	if (outcome != LOOP_READY)
		end_group(child);
	if (outcome == LOOP_STOPPED)
		status = loop_stop_error(child->loop, err);

	int exit_code = release(child);
	if (outcome == LOOP_TIMEOUT && exit_code == 0)
		exit_code = EXIT_TIMED_OUT;
	if (status == OK) {
		child_result_clear(ret_result);
		*ret_result = (struct child_result){
			.exit_code = exit_code,
			.output = child->output.kept,
			.errors = child->errors.kept,
			.timed_out = outcome == LOOP_TIMEOUT,
			.own_network = child->isolation.network,
		};
		child->output.kept = child->errors.kept = (struct strbuf){0};
	}
	discard(child);
	return status;
}

void child_strike(const struct child *child)
{
	if (!child_ended(child))
		kill(-child->watch.pid, SIGKILL);
}

void child_kill(struct child *child)
{
	if (!child)
		return;
	loop_check_children(child->loop);
	if (!child->watch.has_ended)
		end_group(child);
	release(child);
	discard(child);
}

enum status child_run(struct loop *loop, const struct child_options *options, struct child_result *ret_result,
                      struct error *err)
{
	struct child *child;
	if (child_start(loop, options, &child, err) != OK)
		return err->status;
	return child_wait(child, ret_result, err);
}
