#include "console/model/story.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/stamp.h"

enum {
	CHUNK_BYTES = 64 * 1024,
	LINE_MAX_BYTES = 64 * 1024 * 1024,
	ROOM_KEPT_BYTES = 1024 * 1024,
	ASKED_MAX_BYTES = 1024 * 1024,
};

struct story {
	int fd; /* -1 = lost, or at its end */
	bool recording, over, lost, skipping; /* skipping: the rest of a line that was too long */
	struct strbuf read;
	size_t used; /* of what was read */
	struct strbuf asked;
	int64_t refused;
	struct error why;

	/* of a recording: the line at `line_ms` is due when the clock shows `begun_ms` + its share of the speed */
	int64_t speed, begun_ms, line_ms;
	bool has_begun, held;
	struct json *next; /* read, not yet due */
	enum event_type next_type;
	int64_t next_ms;
};

struct story *story_of_socket(int fd)
{
	struct story *story = memory_new(sizeof(*story));
	story->speed = STORY_SPEED_ONE;
	story_reconnect(story, fd);
	return story;
}

enum status story_of_file(const char *path, int64_t speed, struct story **ret_story, struct error *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0) {
		error_errno(err, FAIL_USAGE, "could not read %s", path);
		return error_hint(err, "Name the record of a run: the folder `runs` of the state folder keeps them.");
	}
	struct story *story = memory_new(sizeof(*story));
	story->fd = fd;
	story->recording = true;
	story->speed = speed;
	*ret_story = story;
	return OK;
}

void story_close(struct story *story)
{
	if (!story)
		return;
	if (story->fd >= 0)
		close(story->fd);
	json_close(story->next);
	strbuf_clear(&story->read);
	strbuf_clear(&story->asked);
	error_clear(&story->why);
	memory_free(story);
}

void story_reconnect(struct story *story, int fd)
{
	int flags = fcntl(fd, F_GETFL);
	if (flags >= 0)
		(void)fcntl(fd, F_SETFL, flags | O_NONBLOCK);
	if (story->fd > 0)
		close(story->fd);
	story->fd = fd;
	story->lost = story->over = story->skipping = false;
	strbuf_reset(&story->read);
	strbuf_reset(&story->asked);
	story->used = 0;
}

bool story_is_recording(const struct story *story)
{
	return story->recording;
}

int story_fd(const struct story *story, short *ret_events)
{
	if (story->recording || story->fd < 0)
		return -1;
	*ret_events = (short)(POLLIN | (story->asked.length ? POLLOUT : 0));
	return story->fd;
}

static int64_t due_ms(const struct story *story)
{
	return story->speed > 0 ? story->begun_ms + (story->next_ms - story->line_ms) * STORY_SPEED_ONE / story->speed
	                        : INT64_MIN;
}

int64_t story_due_ms(const struct story *story)
{
	if (!story->recording || story->held || story->over)
		return INT64_MAX;
	return story->next ? due_ms(story) : 0;
}

static void lose(struct story *story)
{
	close(story->fd);
	story->fd = -1;
	story->lost = !story->recording;
	story->over = story->recording;
}

static void write_asked(struct story *story)
{
	while (story->asked.length > 0 && story->fd >= 0) {
		ssize_t written = send(story->fd, story->asked.data, story->asked.length, MSG_NOSIGNAL);
		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0) {
			if (errno != EAGAIN)
				strbuf_reset(&story->asked); /* that it is lost, the reading says */
			return;
		}
		memmove(story->asked.data, story->asked.data + written, story->asked.length - (size_t)written);
		story->asked.length -= (size_t)written;
	}
}

static void drop_used(struct story *story)
{
	if (story->used > 0)
		memmove(story->read.data, story->read.data + story->used, story->read.length - story->used);
	story->read.length -= story->used;
	story->used = 0;
	if (story->read.length == 0 && story->read.room > ROOM_KEPT_BYTES)
		strbuf_clear(&story->read);
}

/* A plan's line of megabytes does not stay beside what is made of it. */
static void drop_long_line(struct story *story)
{
	struct strbuf rest = {0};

	if (story->used <= ROOM_KEPT_BYTES)
		return;
	strbuf_add(&rest, story->read.data + story->used, story->read.length - story->used);
	strbuf_clear(&story->read);
	story->read = rest;
	story->used = 0;
}

/* False when there is nothing more for now. */
static bool read_more(struct story *story)
{
	char chunk[CHUNK_BYTES];

	if (story->fd < 0)
		return false;
	drop_used(story);
	ssize_t got = read(story->fd, chunk, sizeof(chunk));
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return errno == EINTR;
	if (got <= 0) {
		lose(story);
		return false;
	}
	strbuf_add(&story->read, chunk, (size_t)got);
	return true;
}

static void refuse(struct story *story, struct error *why)
{
	story->refused++;
	error_clear(&story->why);
	error_move(&story->why, why);
}

/* One whole line from what was read; NULL when there is none yet. */
static const char *take_line(struct story *story, size_t *ret_length)
{
	const char *start = story->read.data ? story->read.data + story->used : "";
	size_t left = story->read.length - story->used;
	const char *end = left ? memchr(start, '\n', left) : NULL;

	if (!end && left > LINE_MAX_BYTES) {
		strbuf_reset(&story->read);
		story->used = 0;
		story->skipping = true;
	}
	if (!end)
		return NULL;
	*ret_length = (size_t)(end - start);
	story->used += *ret_length + 1;
	return start;
}

/* The next line that is understood, as an event; NULL when there is none for now. */
static struct json *take_event(struct story *story, enum event_type *ret_type)
{
	for (;;) {
		_cleanup_error_ struct error why = {0};
		struct json *event = NULL;
		size_t length;
		const char *line = take_line(story, &length);
		if (!line && !read_more(story))
			return NULL;
		if (!line || length == 0)
			continue;
		if (story->skipping) {
			story->skipping = false;
			error_set(&why, FAIL_REFUSED, "the line is too long");
		} else if (event_decode(line, length, ret_type, &event, &why) == OK) {
			drop_long_line(story);
			return event;
		}
		refuse(story, &why);
	}
}

static enum story_outcome next_recorded(struct story *story, int64_t now_ms, enum event_type *ret_type,
                                        struct json **ret_event)
{
	if (!story->next) {
		story->next = take_event(story, &story->next_type);
		if (!story->next)
			return STORY_OVER;
		if (!stamp_read(json_get_text(story->next, "ts"), &story->next_ms))
			story->next_ms = story->line_ms;
	}
	if (!story->has_begun) {
		story->has_begun = true;
		story->line_ms = story->next_ms;
		story->begun_ms = now_ms;
	}
	if (story->held || (story->speed > 0 && due_ms(story) > now_ms))
		return STORY_NOTHING;
	*ret_type = story->next_type;
	*ret_event = story->next;
	story->next = NULL;
	return STORY_EVENT;
}

enum story_outcome story_next(struct story *story, int64_t now_ms, enum event_type *ret_type, struct json **ret_event)
{
	if (story->recording)
		return next_recorded(story, now_ms, ret_type, ret_event);
	write_asked(story);
	struct json *event = take_event(story, ret_type);
	if (!event)
		return story->lost ? STORY_LOST : STORY_NOTHING;
	*ret_event = event;
	return STORY_EVENT;
}

void story_ask(struct story *story, enum request_type request, const struct json *fields)
{
	if (story->recording || story->fd < 0 || story->asked.length > ASKED_MAX_BYTES)
		return;
	request_encode(&story->asked, request, fields);
	strbuf_putc(&story->asked, '\n');
	write_asked(story);
}

/* The recording's time runs from here on. */
static void begin_anew(struct story *story, int64_t now_ms)
{
	if (story->has_begun && !story->held && story->speed > 0)
		story->line_ms += (now_ms - story->begun_ms) * story->speed / STORY_SPEED_ONE;
	else if (story->has_begun && story->next && story->speed == 0)
		story->line_ms = story->next_ms;
	story->begun_ms = now_ms;
}

void story_hold(struct story *story, bool hold, int64_t now_ms)
{
	begin_anew(story, now_ms);
	story->held = hold;
}

bool story_is_held(const struct story *story)
{
	return story->held;
}

void story_set_speed(struct story *story, int64_t speed, int64_t now_ms)
{
	begin_anew(story, now_ms);
	story->speed = speed < 1 ? 1 : speed > STORY_SPEED_MAX ? STORY_SPEED_MAX : speed;
}

int64_t story_speed(const struct story *story)
{
	return story->speed;
}

int64_t story_refused(const struct story *story, const char **ret_why)
{
	*ret_why = story->refused ? story->why.message : NULL;
	return story->refused;
}
