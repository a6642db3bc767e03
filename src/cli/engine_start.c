#include "cli/engine_start.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/engine.h"
#include "core/event/event.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "sys/local_socket.h"

enum { FEWEST_DIGITS = 8, GREETING_MS = 2000, GREETING_BYTES = 64 * 1024 };

/* ---- a new one ---- */

/*
 * No terminal, no input, no output but the log; nor whatever else the console was given: who waits for the end of a
 * pipe, or for a lock, of the shell that started it would wait for the engine.
 */
static void leave_terminal(int viewer, int log)
{
	int null = open("/dev/null", O_RDWR);
	if (null >= 0) {
		(void)dup2(null, STDIN_FILENO);
		(void)dup2(null, STDOUT_FILENO);
		if (null > STDERR_FILENO)
			close(null);
	}
	(void)dup2(log, STDERR_FILENO);
	if (viewer > STDERR_FILENO + 1)
		(void)close_range(STDERR_FILENO + 1, (unsigned)viewer - 1, 0);
	(void)close_range((unsigned)viewer + 1, ~0U, 0);
}

/* In the child: the engine, to its end. It is no leader of its session, so no terminal can become its own. */
static int be_engine(struct invocation *invocation, int viewer, int log)
{
	_cleanup_error_ struct error err = {0};

	if (setsid() < 0)
		return status_get(FAIL_INTERNAL)->exit_code;
	signal(SIGHUP, SIG_IGN);
	signal(SIGINT, SIG_IGN);
	pid_t pid = fork();
	if (pid != 0)
		return pid < 0 ? status_get(FAIL_INTERNAL)->exit_code : 0;
	leave_terminal(viewer, log);
	enum status status = engine_attended(invocation, viewer, &err);
	if (status != OK)
		dprintf(STDERR_FILENO, "pgsluice: %s\n", err.message ? err.message : "unknown error");
	return status_get(status)->exit_code;
}

static enum status open_log(struct arena *arena, int *ret_log, struct error *err)
{
	const char *state, *path;

	if (state_folder(arena, &state, err) != OK)
		return err->status;
	path = path_join(arena, state, "engine.log");
	*ret_log = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY, 0600);
	return *ret_log < 0 ? error_errno(err, FAIL_USAGE, "could not open file \"%s\"", path) : OK;
}

enum status engine_spawn(struct invocation *invocation, int *ret_fd, struct error *err)
{
	int ends[2], log = -1, ended = 0;

	if (open_log(invocation->arena, &log, err) != OK)
		return err->status;
	if (socket_two(ends, err) != OK) {
		close(log);
		return err->status;
	}
	pid_t pid = fork();
	if (pid == 0) {
		close(ends[0]);
		_exit(be_engine(invocation, ends[1], log));
	}
	close(ends[1]);
	close(log);
	while (pid > 0 && waitpid(pid, &ended, 0) < 0 && errno == EINTR)
		;
	if (pid > 0 && WIFEXITED(ended) && WEXITSTATUS(ended) == 0) {
		*ret_fd = ends[0];
		return OK;
	}
	close(ends[0]);
	return error_set(err, FAIL_INTERNAL, "could not start the engine's process");
}

/* ---- those that are there ---- */

struct found {
	const char *name; /* of its socket */
	const char *run, *command, *database, *environment, *state;
};

struct found_list {
	struct found *items;
	size_t count, room;
};

/* The first line of a connection. */
static bool read_greeting(int fd, struct strbuf *line)
{
	int64_t deadline_ms = clock_ms() + GREETING_MS;
	char byte;

	while (line->length < GREETING_BYTES) {
		struct pollfd wait = {.fd = fd, .events = POLLIN};
		int64_t left_ms = deadline_ms - clock_ms();
		if (left_ms <= 0 || poll(&wait, 1, (int)left_ms) <= 0 || read(fd, &byte, 1) != 1)
			return false;
		if (byte == '\n')
			return true;
		strbuf_putc(line, byte);
	}
	return false;
}

static const char *copy(struct arena *arena, const struct json *event, const char *key)
{
	const char *text = json_get_text(event, key);
	return text ? arena_strdup(arena, text) : "";
}

/* An engine of another user would be told what only ours may hear, and believed. */
static enum status connect_own(const char *folder, const char *name, int *ret_fd, struct error *err)
{
	struct socket_peer peer = {0};
	int fd;

	if (socket_connect(folder, name, &fd, err) != OK)
		return err->status;
	if (socket_peer(fd, &peer) && (peer.uid == geteuid() || peer.uid == 0)) {
		*ret_fd = fd;
		return OK;
	}
	close(fd);
	error_set(err, FAIL_USAGE, "socket \"%s/%s\" is held by user %ld and not by you", folder, name, (long)peer.uid);
	return error_hint(err, "No engine of yours listens there: remove it, and see who may write to that folder.");
}

/* Asks the engine who it is, on a connection that is closed again. */
static bool ask(struct arena *arena, const char *folder, struct found *found)
{
	_cleanup_error_ struct error ignored = {0};
	_cleanup_strbuf_ struct strbuf line = {0};
	_cleanup_json_ struct json *event = NULL;
	enum event_type type;
	int fd;

	if (connect_own(folder, found->name, &fd, &ignored) != OK)
		return false;
	bool told = read_greeting(fd, &line) &&
	            event_decode(strbuf_text(&line), line.length, &type, &event, &ignored) == OK && type == EVENT_ENGINE;
	close(fd);
	if (!told)
		return false;
	found->run = copy(arena, event, "run");
	found->command = copy(arena, event, "command");
	found->environment = copy(arena, event, "environment");
	found->state = copy(arena, event, "state");
	found->database = copy(arena, json_get(event, "target"), "database");
	return true;
}

static bool ends_with(const char *text, const char *end)
{
	size_t length = strlen(text), tail = strlen(end);
	return length > tail && strcmp(text + length - tail, end) == 0;
}

static void find_engines(struct arena *arena, const char *folder, struct found_list *ret_list)
{
	_cleanup_error_ struct error ignored = {0};
	struct text_list names = {0};

	if (folder_list(arena, folder, &names, &ignored) != OK)
		return;
	for (size_t i = 0; i < names.count; i++)
		if (ends_with(names.items[i], ".sock") && socket_is_held(folder, names.items[i]))
			list_push(arena, ret_list, ((struct found){.name = names.items[i]}));
}

/* Nobody is disturbed by questions where there is only one to connect to. */
static void ask_all(struct arena *arena, const char *folder, struct found_list *list)
{
	size_t kept = 0;
	for (size_t i = 0; i < list->count; i++)
		if (ask(arena, folder, &list->items[i]))
			list->items[kept++] = list->items[i];
	list->count = kept;
}

static bool is_meant(const struct found *found, const char *run)
{
	size_t length = strlen(run);
	return length >= FEWEST_DIGITS &&
	       (strncmp(found->run, run, length) == 0 || strncmp(found->name, run, length) == 0);
}

static void describe(struct strbuf *text, const struct found *found)
{
	strbuf_printf(text, "%s%s: %s%s%s%s%s, %s", text->length ? "; " : "", found->run, found->command,
	              *found->database ? " on database " : "", found->database, *found->environment ? " of " : "",
	              found->environment, found->state);
}

static enum status choose(const struct found_list *list, const char *run, const struct found **ret_found,
                          struct error *err)
{
	_cleanup_strbuf_ struct strbuf names = {0};
	size_t meant = 0;

	for (size_t i = 0; i < list->count; i++) {
		describe(&names, &list->items[i]);
		if (run && !is_meant(&list->items[i], run))
			continue;
		*ret_found = &list->items[i];
		meant++;
	}
	if (meant == 1)
		return OK;
	if (list->count == 0) {
		error_set(err, FAIL_USAGE, "no engine of this user is running");
		return error_hint(err, "Start one: `pgsluice` opens the console, `pgsluice --batch` runs headless.");
	}
	if (meant || !run)
		error_set(err, FAIL_USAGE, "several engines are running");
	else
		error_set(err, FAIL_USAGE, "no engine has a run \"%s\"", run);
	error_detail(err, "There are %s.", strbuf_text(&names));
	return error_hint(err, "Name one: `pgsluice attach RUN`.");
}

enum status engine_connect(struct arena *arena, const char *run, int *ret_fd, struct error *err)
{
	struct found_list list = {0};
	const struct found *found = NULL;
	const char *folder;

	if (runtime_folder(arena, &folder, err) != OK)
		return err->status;
	if (run && ends_with(run, ".target") && !strchr(run, '/'))
		return connect_own(folder, run, ret_fd, err);
	find_engines(arena, folder, &list);
	if (!run && list.count == 1)
		return connect_own(folder, list.items[0].name, ret_fd, err);
	ask_all(arena, folder, &list);
	if (choose(&list, run, &found, err) != OK)
		return err->status;
	return connect_own(folder, found->name, ret_fd, err);
}
