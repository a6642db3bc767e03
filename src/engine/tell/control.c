#include "engine/tell/control.h"

#include <fcntl.h>
#include <poll.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/text.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "sys/local_socket.h"

enum {
	CHUNK_BYTES = 64 * 1024,
	CHUNKS_AT_ONCE = 16,              /* then the others have their turn */
	REQUEST_BYTES = 64 * 1024,        /* the longest line a viewer may send */
	BESIDE_BYTES = 1024 * 1024,       /* what waits for a viewer apart from the record */
};

static const char SOCKET_SUFFIX[] = ".sock", TARGET_SUFFIX[] = ".target";

/* The lines of one run, read from its record. Stories live as long as the control: a viewer can be late by one. */
struct story {
	int fd;
	int64_t size_bytes;
	struct story *next;
};

struct viewer {
	struct control *control;
	struct loop_handler handler;
	struct asker who;
	struct story *story;
	int64_t offset_bytes;
	struct strbuf out, beside, in;
	size_t sent;       /* of out */
	bool inside;       /* out ended in the middle of a line of the story */
	bool greeted;
	bool state_due;
	bool gone;
	struct viewer *next;
};

struct control {
	struct arena *arena;
	struct loop *loop;
	struct sink sink;
	const char *folder, *name, *claimed;
	const char *own_name; /* of the user: asked for once, since whoever knows users may be slow to say */
	int fd;
	struct loop_handler listener;
	control_request *request;
	void *context;
	struct viewer *viewers;
	uint64_t numbered; /* viewers so far */
	size_t count;
	int64_t alone_since_ms;
	struct story *first, *story; /* the newest */
	const char *run_id;
	struct record *record;
	struct emitter *emitter;     /* of the run; NULL when it has ended */
	struct json *state;
};

/* ---- what a viewer is sent ---- */

static void put_state(struct viewer *viewer)
{
	struct control *control = viewer->control;
	viewer->state_due = false;
	if (!control->state)
		return;
	json_set_int(control->state, "viewers", (int64_t)control->count);
	event_encode(&viewer->out, EVENT_ENGINE, 0, clock_stamp(clock_wall_ms()).text, control->run_id, control->state);
	strbuf_putc(&viewer->out, '\n');
}

/* The next piece of the story, up to the end of a line where there is one in it. */
static bool put_story(struct viewer *viewer)
{
	char bytes[CHUNK_BYTES];
	struct story *story = viewer->story;

	while (story && viewer->offset_bytes >= story->size_bytes && story->next) {
		story = viewer->story = story->next;
		viewer->offset_bytes = 0;
	}
	if (!story || viewer->offset_bytes >= story->size_bytes)
		return false;
	int64_t left = story->size_bytes - viewer->offset_bytes;
	ssize_t got = pread(story->fd, bytes, left < CHUNK_BYTES ? (size_t)left : sizeof(bytes), viewer->offset_bytes);
	if (got <= 0) {
		viewer->gone = true; /* a story with a hole would look whole */
		return false;
	}
	const char *end = memrchr(bytes, '\n', (size_t)got);
	size_t length = end ? (size_t)(end - bytes) + 1 : (size_t)got;
	strbuf_add(&viewer->out, bytes, length);
	viewer->offset_bytes += (int64_t)length;
	viewer->inside = !end;
	return true;
}

static bool fill(struct viewer *viewer)
{
	strbuf_reset(&viewer->out);
	viewer->sent = 0;
	if (!viewer->greeted) {
		viewer->greeted = true;
		put_state(viewer);
		if (viewer->out.length)
			return true;
	}
	if (put_story(viewer))
		return true;
	if (viewer->gone || viewer->inside)
		return false;
	if (viewer->beside.length) {
		strbuf_add(&viewer->out, strbuf_text(&viewer->beside), viewer->beside.length);
		strbuf_reset(&viewer->beside);
		return true;
	}
	if (viewer->state_due)
		put_state(viewer);
	return viewer->out.length > 0;
}

static bool has_more(const struct viewer *viewer)
{
	const struct story *story = viewer->story;
	return viewer->sent < viewer->out.length || !viewer->greeted || viewer->beside.length || viewer->state_due ||
	       (story && (viewer->offset_bytes < story->size_bytes || story->next));
}

static void wake(struct viewer *viewer)
{
	viewer->handler.events = (short)(POLLIN | (has_more(viewer) ? POLLOUT : 0));
}

static void wake_all(struct control *control)
{
	for (struct viewer *viewer = control->viewers; viewer; viewer = viewer->next)
		wake(viewer);
}

static void send_some(struct viewer *viewer)
{
	for (int i = 0; i < CHUNKS_AT_ONCE && !viewer->gone; i++) {
		if (viewer->sent == viewer->out.length && !fill(viewer))
			return;
		ssize_t sent = socket_send(viewer->handler.fd, strbuf_text(&viewer->out) + viewer->sent,
		                           viewer->out.length - viewer->sent);
		if (sent < 0)
			viewer->gone = true;
		if (sent <= 0)
			return;
		viewer->sent += (size_t)sent;
	}
}

/* Beside the story, bounded: who does not read is let go. */
static void put_beside(struct viewer *viewer, const char *line)
{
	if (viewer->beside.length + strlen(line) > BESIDE_BYTES) {
		socket_hang_up(viewer->handler.fd);
		return;
	}
	strbuf_printf(&viewer->beside, "%s\n", line);
	wake(viewer);
}

/* ---- who comes and goes ---- */

static void count_viewers(struct control *control, int change)
{
	control->count += (size_t)change;
	control->alone_since_ms = control->count ? INT64_MAX : clock_ms();
	for (struct viewer *viewer = control->viewers; viewer; viewer = viewer->next)
		viewer->state_due = true;
	wake_all(control);
}

static void let_go(struct viewer *viewer)
{
	struct control *control = viewer->control;
	struct viewer **at = &control->viewers;

	while (*at != viewer)
		at = &(*at)->next;
	*at = viewer->next;
	loop_remove(control->loop, &viewer->handler);
	close(viewer->handler.fd);
	count_viewers(control, -1);
	if (control->emitter)
		emit_log(control->emitter, LOG_NOTICE, "%s (process %ld) watches no more%s", viewer->who.user,
		         (long)viewer->who.pid, control->count ? "" : ": nobody watches now, and nothing changes for it");
	strbuf_clear(&viewer->out);
	strbuf_clear(&viewer->beside);
	strbuf_clear(&viewer->in);
	memory_free((char *)(uintptr_t)viewer->who.user);
	memory_free(viewer);
}

static void take_line(struct viewer *viewer, const char *line, size_t length)
{
	struct control *control = viewer->control;
	_cleanup_error_ struct error err = {0};
	_cleanup_json_ struct json *request = NULL;
	enum request_type type;

	if (length == 0)
		return;
	if (request_decode(line, length, &type, &request, &err) == OK) {
		control->request(control->context, &viewer->who, type, request);
		return;
	}
	struct json *fields = json_new_object();
	json_set_text(fields, "code", status_get(err.status)->name);
	json_set_text(fields, "message", err.message);
	control_answer(control, &viewer->who, EVENT_ERROR, fields);
}

static void take_lines(struct viewer *viewer)
{
	char bytes[4096];
	ssize_t got = socket_receive(viewer->handler.fd, bytes, sizeof(bytes));

	if (got < 0)
		viewer->gone = true;
	if (got <= 0)
		return;
	strbuf_add(&viewer->in, bytes, (size_t)got);
	for (;;) {
		const char *text = strbuf_text(&viewer->in);
		const char *end = memchr(text, '\n', viewer->in.length);
		if (!end)
			break;
		_cleanup_strbuf_ struct strbuf rest = {0};
		strbuf_add(&rest, end + 1, viewer->in.length - (size_t)(end + 1 - text));
		take_line(viewer, text, (size_t)(end - text));
		strbuf_reset(&viewer->in);
		strbuf_add(&viewer->in, strbuf_text(&rest), rest.length);
	}
	if (viewer->in.length > REQUEST_BYTES)
		viewer->gone = true;
}

static void serve_viewer(struct loop_handler *handler, short revents)
{
	struct viewer *viewer = handler->context;

	if (revents & (POLLIN | POLLHUP | POLLERR))
		take_lines(viewer);
	if (!viewer->gone && revents & POLLOUT)
		send_some(viewer);
	if (viewer->gone)
		let_go(viewer);
	else
		wake(viewer);
}

static void refuse_viewer(struct control *control, int fd, const struct socket_peer *peer)
{
	close(fd);
	if (control->emitter)
		emit_log(control->emitter, LOG_WARNING, "process %ld of user %ld wanted to watch and was refused",
		         (long)peer->pid, (long)peer->uid);
}

void control_add(struct control *control, int fd)
{
	struct socket_peer peer = {0};
	if (!socket_peer(fd, &peer) || (peer.uid != geteuid() && peer.uid != 0)) {
		refuse_viewer(control, fd, &peer);
		return;
	}
	struct viewer *viewer = memory_new(sizeof(*viewer));
	*viewer = (struct viewer){
		.control = control,
		.handler = {.fd = fd, .ready = serve_viewer, .context = viewer},
		.who = {.user = memory_strdup(peer.uid == 0 ? "root" : control->own_name),
	                .uid = peer.uid,
	                .pid = peer.pid,
	                .number = ++control->numbered,
	                .viewer = viewer},
		.story = control->story,
		.next = control->viewers,
	};
	socket_set_waiting(fd, false);
	control->viewers = viewer;
	count_viewers(control, 1);
	loop_add(control->loop, &viewer->handler);
	if (control->emitter)
		emit_log(control->emitter, LOG_NOTICE, "%s (process %ld) watches", viewer->who.user, (long)peer.pid);
}

static void serve_listener(struct loop_handler *handler, short revents)
{
	struct control *control = handler->context;
	int fd;
	(void)revents;
	while (socket_accept(control->fd, &fd))
		control_add(control, fd);
}

/* ---- the story ---- */

static void take_event(void *context, enum event_type type, const char *line, const struct json *fields)
{
	struct control *control = context;
	(void)fields;

	if (record_is_whole(control->record))
		control->story->size_bytes += (int64_t)strlen(line) + 1;
	else /* the disk is full: who is there is told all the same */
		for (struct viewer *viewer = control->viewers; viewer; viewer = viewer->next)
			put_beside(viewer, line);
	if (type == EVENT_END)
		control->emitter = NULL;
	wake_all(control);
}

enum status control_begin(struct control *control, const char *run_id, struct record *record, struct emitter *emitter,
                          struct error *err)
{
	struct story *story = arena_alloc(control->arena, sizeof(*story));

	*story = (struct story){.fd = open(record_path(record), O_RDONLY | O_CLOEXEC)};
	if (story->fd < 0)
		return error_errno(err, FAIL_INTERNAL, "could not open the record \"%s\"", record_path(record));
	if (control->story)
		control->story->next = story;
	else
		control->first = story;
	control->story = story;
	control->run_id = arena_strdup(control->arena, run_id);
	control->record = record;
	control->emitter = emitter;
	for (struct viewer *viewer = control->viewers; viewer; viewer = viewer->next)
		if (!viewer->story)
			viewer->story = story;
	return OK;
}

struct sink *control_sink(struct control *control)
{
	return &control->sink;
}

/* ---- the socket ---- */

static bool ends_with(const char *text, const char *end)
{
	size_t length = strlen(text), tail = strlen(end);
	return length > tail && strcmp(text + length - tail, end) == 0;
}

/* What engines left that did not end by themselves. */
static void sweep(struct control *control)
{
	_cleanup_error_ struct error ignored = {0};
	struct text_list names = {0};

	if (folder_list(control->arena, control->folder, &names, &ignored) != OK)
		return;
	for (size_t i = 0; i < names.count; i++)
		if ((ends_with(names.items[i], SOCKET_SUFFIX) || ends_with(names.items[i], TARGET_SUFFIX)) &&
		    !socket_is_held(control->folder, names.items[i]))
			file_remove(path_join(control->arena, control->folder, names.items[i]));
}

static const char *name_of_user(struct arena *arena)
{
	const struct passwd *entry = getpwuid(geteuid());
	return arena_strdup(arena, entry ? entry->pw_name : "unknown");
}

enum status control_open(struct loop *loop, const char *name, control_request *request, void *context,
                         struct control **ret_control, struct error *err)
{
	struct arena *arena = arena_open();
	struct control *control = arena_alloc(arena, sizeof(*control));

	*control = (struct control){
		.arena = arena,
		.loop = loop,
		.sink = {.event = take_event, .context = control},
		.name = arena_printf(arena, "%s%s", name, SOCKET_SUFFIX),
		.own_name = name_of_user(arena),
		.request = request,
		.context = context,
		.alone_since_ms = clock_ms(),
	};
	if (runtime_folder(arena, &control->folder, err) == OK) {
		sweep(control);
		if (socket_listen(control->folder, control->name, &control->fd, err) == OK) {
			control->listener = (struct loop_handler){
				.fd = control->fd, .events = POLLIN, .ready = serve_listener, .context = control};
			loop_add(loop, &control->listener);
			*ret_control = control;
			return OK;
		}
	}
	arena_close(arena);
	return err->status;
}

void control_close(struct control *control)
{
	if (!control)
		return;
	control->emitter = NULL;
	while (control->viewers)
		let_go(control->viewers);
	loop_remove(control->loop, &control->listener);
	if (control->claimed)
		file_remove(path_join(control->arena, control->folder, control->claimed));
	file_remove(path_join(control->arena, control->folder, control->name));
	close(control->fd);
	for (struct story *story = control->first; story; story = story->next)
		close(story->fd);
	json_close(control->state);
	arena_close(control->arena);
}

size_t control_viewers(const struct control *control)
{
	return control->count;
}

int64_t control_alone_since_ms(const struct control *control)
{
	return control->alone_since_ms;
}

static const char *name_of(struct arena *arena, const struct target *target)
{
	return arena_printf(arena, "%s-%s%s", target->system_identifier, target->database_oid, TARGET_SUFFIX);
}

int64_t control_claimed_since_ms(const struct target *target)
{
	_cleanup_arena_ struct arena *arena = arena_open();
	_cleanup_error_ struct error nowhere = {0};
	const char *folder, *name = name_of(arena, target);

	if (runtime_folder(arena, &folder, &nowhere) != OK || !socket_is_held(folder, name))
		return 0;
	/* A socket's file is as old as its process listens. */
	int64_t since_ms = file_changed_ms(path_join(arena, folder, name));
	return since_ms > 0 ? since_ms : 0;
}

bool control_claim(struct control *control, const struct target *target, const char **ret_name)
{
	const char *name = name_of(control->arena, target);

	*ret_name = name;
	if (control->claimed && strcmp(control->claimed, name) == 0)
		return true;
	if (!socket_claim(control->folder, control->name, name))
		return false;
	if (control->claimed)
		file_remove(path_join(control->arena, control->folder, control->claimed));
	control->claimed = name;
	return true;
}

void control_tell_state(struct control *control, struct json *fields)
{
	json_close(control->state);
	control->state = fields;
	json_set_int(control->state, "viewers", (int64_t)control->count);
	for (struct viewer *viewer = control->viewers; viewer; viewer = viewer->next)
		viewer->state_due = true;
	wake_all(control);
}

void control_answer(struct control *control, const struct asker *asker, enum event_type type, struct json *fields)
{
	_cleanup_strbuf_ struct strbuf line = {0};
	event_encode(&line, type, 0, clock_stamp(clock_wall_ms()).text, control->run_id, fields);
	put_beside(asker->viewer, strbuf_text(&line));
	json_close(fields);
}

void control_answer_later(struct control *control, uint64_t number, enum event_type type, struct json *fields)
{
	for (struct viewer *viewer = control->viewers; viewer; viewer = viewer->next) {
		if (viewer->who.number == number && !viewer->gone) {
			control_answer(control, &viewer->who, type, fields);
			return;
		}
	}
	json_close(fields);
}

static bool all_told(void *context)
{
	const struct control *control = context;
	for (const struct viewer *viewer = control->viewers; viewer; viewer = viewer->next)
		if (has_more(viewer))
			return false;
	return true;
}

void control_drain(struct control *control, int64_t limit_ms)
{
	loop_shield(control->loop);
	(void)!loop_until(control->loop, all_told, control, clock_ms() + limit_ms);
	loop_unshield(control->loop);
}
