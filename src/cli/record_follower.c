#include "cli/record_follower.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/stamp.h"
#include "base/text_index.h"
#include "sys/clock.h"
#include "sys/file.h"

/* A piece, then the others have their turn. A line that is longer than the ceiling is no event. */
enum { PIECE_BYTES = 256 * 1024, LINE_MAX_BYTES = 256 * 1024 * 1024 };

static const char SUFFIX[] = ".jsonl";

enum belongs { BELONGS_UNKNOWN, BELONGS_HERE, BELONGS_ELSEWHERE };

/* One file and what was folded of it. */
struct story {
	char *path;
	int64_t offset_bytes;
	struct strbuf rest;   /* the beginning of a line whose end is not written yet */
	struct model *model;
	enum belongs belongs; /* told by its event `run` */
	int64_t began_ms;     /* 0 = nothing was read yet */
};

struct record_follower {
	struct loop *loop;
	struct arena *arena;
	struct text_index *others; /* paths of records of other targets */
	struct story *story;       /* the newest of ours, or the one at work; NULL = none */
};

struct candidate {
	const char *path;
	int64_t changed_ms;
};

struct candidate_list {
	struct candidate *items;
	size_t count, room;
};

struct record_follower *record_follower_open(struct loop *loop)
{
	struct record_follower *follower = memory_new(sizeof(*follower));

	*follower = (struct record_follower){.loop = loop, .arena = arena_open()};
	follower->others = text_index_new(follower->arena);
	return follower;
}

static struct story *story_open(const char *path)
{
	struct story *story = memory_new(sizeof(*story));

	*story = (struct story){.path = memory_strdup(path), .model = model_open()};
	return story;
}

static void story_close(struct story *story)
{
	if (!story)
		return;
	strbuf_clear(&story->rest);
	model_close(story->model);
	memory_free(story->path);
	memory_free(story);
}

void record_follower_close(struct record_follower *follower)
{
	if (!follower)
		return;
	story_close(follower->story);
	arena_close(follower->arena);
	memory_free(follower);
}

/* ---- reading ---- */

static bool is_text(const struct json *object, const char *key, const char *text)
{
	const char *found = json_get_text(object, key);
	return found && text && strcmp(found, text) == 0;
}

static void fold_line(struct story *story, const char *line, size_t length, const struct target *target)
{
	_cleanup_error_ struct error ignored = {0};
	_cleanup_json_ struct json *event = NULL;
	const char *stamp;
	enum event_type type;

	if (event_decode(line, length, &type, &event, &ignored) != OK)
		return;
	stamp = json_get_text(event, "ts");
	if (story->began_ms == 0 && stamp)
		(void)stamp_read(stamp, &story->began_ms);
	if (type == EVENT_RUN) {
		const struct json *of = json_get(event, "target");
		bool here = is_text(of, "system_identifier", target->system_identifier) &&
		            is_text(of, "database_oid", target->database_oid);
		story->belongs = here ? BELONGS_HERE : BELONGS_ELSEWHERE;
	}
	if (story->belongs != BELONGS_ELSEWHERE)
		model_apply(story->model, type, event);
}

static void fold_piece(struct story *story, const struct strbuf *piece, const struct target *target)
{
	const char *at = strbuf_text(piece), *end = at + piece->length;

	while (at < end) {
		const char *feed = memchr(at, '\n', (size_t)(end - at));
		strbuf_add(&story->rest, at, (size_t)((feed ? feed : end) - at));
		if (!feed)
			break;
		fold_line(story, strbuf_text(&story->rest), story->rest.length, target);
		strbuf_reset(&story->rest);
		at = feed + 1;
	}
	if (story->rest.length > LINE_MAX_BYTES)
		strbuf_clear(&story->rest);
}

/* To the end of what is written, or until it is known to be another target's. False after a stop. */
static bool read_on(struct record_follower *follower, struct story *story, const struct target *target)
{
	_cleanup_strbuf_ struct strbuf piece = {0};
	_cleanup_error_ struct error ignored = {0};

	do {
		if (file_read_at(story->path, story->offset_bytes, PIECE_BYTES, &piece, &ignored) != OK)
			return true;
		story->offset_bytes += (int64_t)piece.length;
		fold_piece(story, &piece, target);
		if (piece.length && loop_wait(follower->loop, NULL, 0, clock_ms()) == LOOP_STOPPED)
			return false;
	} while (piece.length && story->belongs != BELONGS_ELSEWHERE);
	return true;
}

/* ---- which one ---- */

static int newest_first(const void *a, const void *b)
{
	const struct candidate *one = a, *other = b;
	return (one->changed_ms < other->changed_ms) - (one->changed_ms > other->changed_ms);
}

/* Records that were changed after the one that is followed, and may be of this target. */
static void find_candidates(const struct record_follower *follower, struct arena *arena,
                            struct candidate_list *ret_list)
{
	_cleanup_error_ struct error ignored = {0};
	struct text_list names = {0};
	const char *state, *folder;
	int64_t since_ms = follower->story ? file_changed_ms(follower->story->path) : -1;

	if (state_folder_path(arena, &state, &ignored) != OK)
		return;
	folder = path_join(arena, state, "runs");
	if (folder_list(arena, folder, &names, &ignored) != OK)
		return;
	for (size_t i = 0; i < names.count; i++) {
		size_t length = strlen(names.items[i]), suffix = sizeof(SUFFIX) - 1;
		if (length < suffix || strcmp(names.items[i] + length - suffix, SUFFIX) != 0)
			continue;
		const char *path = path_join(arena, folder, names.items[i]);
		int64_t changed_ms = file_changed_ms(path);
		if (changed_ms <= since_ms || (follower->story && strcmp(path, follower->story->path) == 0) ||
		    text_index_find(follower->others, path, NULL))
			continue;
		*list_add(arena, ret_list) = (struct candidate){.path = path, .changed_ms = changed_ms};
	}
	if (ret_list->count)
		qsort(ret_list->items, ret_list->count, sizeof(*ret_list->items), newest_first);
}

/* Takes the newest that is this target's. One that has not said whose it is yet is asked again the next time. */
static bool find_newer(struct record_follower *follower, const struct target *target)
{
	_cleanup_arena_ struct arena *arena = arena_open();
	struct candidate_list list = {0};

	find_candidates(follower, arena, &list);
	for (size_t i = 0; i < list.count; i++) {
		struct story *story = story_open(list.items[i].path);
		bool goes_on = read_on(follower, story, target);
		if (goes_on && story->belongs == BELONGS_HERE) {
			story_close(follower->story);
			follower->story = story;
			return true;
		}
		if (story->belongs == BELONGS_ELSEWHERE || story->model->ended)
			text_index_put(follower->others, arena_strdup(follower->arena, story->path), 0);
		story_close(story);
		if (!goes_on)
			return false;
	}
	return true;
}

/*
 * Then another run may come and go beside it. It is the story of the engine that has the target only if it was written
 * to since that is there: one that was killed has a successor, with a record of its own.
 */
static bool is_at_work(const struct story *story, int64_t claimed_since_ms)
{
	return story && !story->model->ended && claimed_since_ms > 0 &&
	       file_changed_ms(story->path) >= claimed_since_ms;
}

void record_follower_read(struct record_follower *follower, const struct target *target, int64_t claimed_since_ms)
{
	if ((is_at_work(follower->story, claimed_since_ms) || find_newer(follower, target)) && follower->story)
		(void)read_on(follower, follower->story, target);
}

const struct model *record_follower_model(const struct record_follower *follower)
{
	return follower->story ? follower->story->model : NULL;
}

int64_t record_follower_began_ms(const struct record_follower *follower)
{
	return follower->story ? follower->story->began_ms : 0;
}
