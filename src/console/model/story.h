/*
 * Where event lines come from: an engine's socket, or a recorded file at a speed. Each line is checked; one that is
 * not understood is counted and never handed on. Knows no model and no terminal.
 */
#ifndef CONSOLE_STORY_H
#define CONSOLE_STORY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/json.h"
#include "core/event/event.h"
#include "core/event/request.h"

struct story;

enum story_outcome {
	STORY_EVENT,   /* one more */
	STORY_NOTHING, /* none for now */
	STORY_OVER,    /* the recording is at its end */
	STORY_LOST,    /* the engine is no longer there */
};

enum { STORY_SPEED_ONE = 100, STORY_SPEED_MAX = 100 << 10 }; /* hundredths; 0 = all at once */

/* Takes the socket, which becomes non-blocking. The caller closes the story. */
struct story *story_of_socket(int fd);

/* FAIL_USAGE when the file is not readable. The time begins to run with the first story_next. */
enum status story_of_file(const char *path, int64_t speed, struct story **ret_story, struct error *err) MUST_CHECK;
void story_close(struct story *story);

/* A socket in the place of one that was lost. */
void story_reconnect(struct story *story, int fd);

bool story_is_recording(const struct story *story);

/* To poll, with events for it; -1 = none. */
int story_fd(const struct story *story, short *ret_events);

/* When the next line of a recording is due, a clock_ms() value; INT64_MAX = none is. */
int64_t story_due_ms(const struct story *story);

/* The next event; the caller closes it. Never waits. */
enum story_outcome story_next(struct story *story, int64_t now_ms, enum event_type *ret_type,
                              struct json **ret_event);

/* Asks the engine; what the socket does not take at once goes with later calls of story_next. */
void story_ask(struct story *story, enum request_type request, const struct json *fields);

/* A recording's time: held, or gone on with; and how fast it runs. */
void story_hold(struct story *story, bool hold, int64_t now_ms);
bool story_is_held(const struct story *story);
void story_set_speed(struct story *story, int64_t speed, int64_t now_ms);
int64_t story_speed(const struct story *story);

/* Lines that were not understood, and what was wrong with the last; NULL = none was. */
int64_t story_refused(const struct story *story, const char **ret_why);

#endif
