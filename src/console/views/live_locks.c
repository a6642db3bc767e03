/* Who waits for whom, as a tree: each below the one that it waits for. */
#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "console/terminal/signs.h"
#include "console/views/live.h"

enum { QUERY_FROM = 90, WAIT_IS_LONG_MS = 1000 };

static int64_t depth_at(const struct json *forest, size_t index)
{
	return json_get_int(json_at(forest, index), "depth");
}

static const struct json *session_of(const struct json *sessions, int64_t pid)
{
	for (size_t i = 0; i < json_count(sessions); i++)
		if (json_get_int(json_at(sessions, i), "pid") == pid)
			return json_at(sessions, i);
	return NULL;
}

/* Whether another one hangs at this depth, below the same one, further down. */
static bool goes_on(const struct json *forest, size_t index, int64_t depth)
{
	for (size_t i = index + 1; i < json_count(forest); i++)
		if (depth_at(forest, i) <= depth)
			return depth_at(forest, i) == depth;
	return false;
}

static int64_t parent_of(const struct json *forest, size_t index)
{
	for (size_t i = index; i-- > 0;)
		if (depth_at(forest, i) == depth_at(forest, index) - 1)
			return json_get_int(json_at(forest, i), "pid");
	return -1;
}

/* Only further ahead in the queue: what it holds is in nobody's way. */
static bool is_soft(const struct json *session, int64_t pid)
{
	const struct json *blockers = json_get(session, "blocked_by");

	for (size_t i = 0; i < json_count(blockers); i++) {
		const struct json *blocker = json_at(blockers, i);
		const char *edge = json_get_text(blocker, "edge");
		if (json_get_int(blocker, "pid") == pid)
			return edge && edge[0] == 's';
	}
	return false;
}

/* What a circle or a queue of a hundred would push out of the panel is not drawn deeper than that. */
static void write_branch(struct live_page *page, const struct json *forest, size_t index)
{
	int64_t depth = depth_at(forest, index), drawn = depth < 8 ? depth : 8;

	paper_span(&page->paper, STYLE_TEXT, " ");
	for (int64_t level = 1; level < drawn; level++)
		paper_span(&page->paper, STYLE_DIM, "%s ",
		           goes_on(forest, index, level) ? canvas_glyph(page->signs, GLYPH_VERTICAL) : " ");
	if (depth > 0)
		paper_span(&page->paper, STYLE_DIM, "%s%s",
		           canvas_glyph(page->signs,
		                        goes_on(forest, index, depth) ? GLYPH_VERTICAL_RIGHT : GLYPH_UP_RIGHT),
		           canvas_glyph(page->signs, GLYPH_HORIZONTAL));
}

/* Where room is short, "public." goes without saying. */
static const char *short_relation(const struct live_page *page, const char *relation)
{
	static const char PUBLIC[] = "public.";
	bool narrow = page->width > 0 && page->width < QUERY_FROM;

	return narrow && strncmp(relation, PUBLIC, strlen(PUBLIC)) == 0 ? relation + strlen(PUBLIC) : relation;
}

static void write_wait(struct live_page *page, const struct json *session, bool soft)
{
	bool is_long = json_get_int(session, "wait_ms") >= WAIT_IS_LONG_MS;

	paper_span(&page->paper, is_long ? STYLE_BAD : STYLE_CAUTION, " %s %s%s", soft ? "queued" : "waits",
	           live_duration(page, session, "wait_ms"), is_long ? "!" : "");
	paper_span(&page->paper, STYLE_TEXT, " %s %s", short_relation(page, live_text(session, "relation")),
	           json_get_text(session, "mode") ? json_get_text(session, "mode") : live_text(session, "lock"));
}

static void write_session(struct live_page *page, const struct json *forest, const struct json *sessions, size_t index)
{
	int64_t pid = json_get_int(json_at(forest, index), "pid");
	const struct json *session = session_of(sessions, pid);

	paper_line(&page->paper);
	live_mark(page, pid);
	write_branch(page, forest, index);
	if (pid == 0)
		paper_span(&page->paper, STYLE_STRONG, "prepared transaction");
	else
		paper_span(&page->paper, STYLE_STRONG, "%" PRId64, pid);
	if (json_get_bool(session, "ours"))
		paper_span(&page->paper, STYLE_BUSY, " (ours)");
	else
		paper_span(&page->paper, STYLE_DIM, " %s", live_text(session, "application"));
	if (json_get_bool(session, "waiting"))
		write_wait(page, session, is_soft(session, parent_of(forest, index)));
	else
		paper_span(&page->paper, STYLE_TEXT, " %s %s", live_text(session, "state"),
		           live_duration(page, session, "transaction_ms"));
	if ((page->width == 0 || page->width >= QUERY_FROM) && json_get_text(session, "query"))
		paper_span(&page->paper, STYLE_DIM, "  %s", json_get_text(session, "query"));
}

void live_write_locks(struct live_page *page, const struct json *values)
{
	const struct json *forest = json_get(values, "forest"), *sessions = json_get(values, "sessions");
	int64_t behind = json_get_int(values, "behind_us"), waiting = json_get_int(values, "waiting");

	if (waiting == 0) {
		const struct json *queue = live_last_queue(page->figures);
		paper_span(&page->paper, STYLE_GOOD, queue ? " nobody waits now" : " nobody waits for a lock");
		if (queue)
			paper_span(&page->paper, STYLE_DIM, "; with us, %s:",
			           age_text(page->arena, page->figures->live->queued_ms, page->figures->now_ms));
		forest = json_get(queue, "forest");
		sessions = json_get(queue, "sessions");
	} else {
		paper_span(&page->paper, STYLE_CAUTION, " %" PRId64 " wait, %s", waiting,
		           live_duration(page, values, "longest_wait_ms"));
		if (behind > 0)
			paper_span(&page->paper, STYLE_BAD, "; %" PRId64 " behind us, %s", behind,
			           live_duration(page, values, "behind_us_ms"));
	}
	for (size_t i = 0; i < json_count(forest); i++)
		write_session(page, forest, sessions, i);
	if (live_is_tall(page))
		live_spark(page, SERIES_WAITING, "waiting");
}
