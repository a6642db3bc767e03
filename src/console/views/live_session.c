/* One session of live: who it is, what it waits for, whom it keeps waiting, and since when. */
#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "console/code.h"
#include "console/terminal/signs.h"
#include "console/views/live.h"

enum { OF_LOCKS, OF_TRANSACTIONS, FIELD_INDENT = 15 };

static const char *const SAMPLERS[SESSION_SOURCES] = {[OF_LOCKS] = "locks", [OF_TRANSACTIONS] = "transactions"};

static const struct json *find(const struct json *sessions, int64_t pid)
{
	for (size_t i = 0; i < json_count(sessions); i++)
		if (json_get_int(json_at(sessions, i), "pid") == pid)
			return json_at(sessions, i);
	return NULL;
}

/* Between two samples a process may end and another get its number: that is somebody else. */
static bool is_other(const struct json *before, const struct json *now)
{
	const char *then = json_get_text(before, "backend_start"), *is = json_get_text(now, "backend_start");
	return then && is && strcmp(then, is) != 0;
}

void live_session_update(struct live_session *session, const struct live_figures *figures)
{
	session->there = false;
	for (size_t id = 0; session->pid && id < SESSION_SOURCES; id++) {
		const struct model_sample *sample = live_sample(figures, SAMPLERS[id]);
		const struct json *now = sample ? find(json_get(sample->values, "sessions"), session->pid) : NULL;
		if (!now && !session->values[id] && id == OF_LOCKS) {
			now = find(json_get(live_last_queue(figures), "sessions"), session->pid);
			session->values[id] = json_share(now);
			session->seen_ms = now ? figures->live->queued_ms : session->seen_ms;
			continue;
		}
		if (!now || is_other(session->values[id], now))
			continue;
		session->there = true;
		session->seen_ms = session->seen_ms > sample->at_ms ? session->seen_ms : sample->at_ms;
		if (now != session->values[id]) {
			json_close(session->values[id]);
			session->values[id] = json_share(now);
		}
	}
}

void live_session_forget(struct live_session *session)
{
	for (size_t i = 0; i < SESSION_SOURCES; i++)
		json_close(session->values[i]);
	*session = (struct live_session){0};
}

const struct json *live_session_addressee(const struct live_session *session)
{
	for (size_t i = 0; i < SESSION_SOURCES; i++)
		if (json_get_text(session->values[i], "backend_start"))
			return session->values[i];
	return session->values[OF_LOCKS] ? session->values[OF_LOCKS] : session->values[OF_TRANSACTIONS];
}

/* The text of the source that has one. */
static const char *text_of(const struct live_session *session, const char *key)
{
	for (size_t i = 0; i < SESSION_SOURCES; i++)
		if (json_get_text(session->values[i], key))
			return json_get_text(session->values[i], key);
	return NULL;
}

static void write_who(struct live_page *page, const struct live_session *session)
{
	const char *client = text_of(session, "client"), *started = text_of(session, "backend_start");

	paper_field(&page->paper, FIELD_INDENT, " application", STYLE_STRONG, text_of(session, "application"));
	paper_field(&page->paper, FIELD_INDENT, " role", STYLE_TEXT, text_of(session, "role"));
	paper_field(&page->paper, FIELD_INDENT, " database", STYLE_TEXT, text_of(session, "database"));
	paper_field(&page->paper, FIELD_INDENT, " from", STYLE_TEXT, client);
	paper_field(&page->paper, FIELD_INDENT, " connected", STYLE_TEXT, started);
}

static void write_state(struct live_page *page, const struct live_session *session)
{
	const struct json *locks = session->values[OF_LOCKS], *open = session->values[OF_TRANSACTIONS];
	const char *state = text_of(session, "state");
	_cleanup_strbuf_ struct strbuf text = {0};
	double known;

	strbuf_puts(&text, state ? state : "unknown");
	if (model_number(json_get(open, "state_ms"), &known))
		strbuf_printf(&text, " for %s", live_duration(page, open, "state_ms"));
	paper_field(&page->paper, FIELD_INDENT, " state", STYLE_TEXT, strbuf_text(&text));
	if (model_number(json_get(open, "age_ms"), &known))
		paper_field(&page->paper, FIELD_INDENT, " transaction", STYLE_TEXT, live_duration(page, open, "age_ms"));
	else if (model_number(json_get(locks, "transaction_ms"), &known))
		paper_field(&page->paper, FIELD_INDENT, " transaction", STYLE_TEXT,
		            live_duration(page, locks, "transaction_ms"));
	if (model_number(json_get(open, "holds_xids"), &known))
		paper_field(&page->paper, FIELD_INDENT, " holds", STYLE_TEXT,
		            arena_printf(page->arena, "rows of the last %s transactions from being removed",
		                         live_number(page, open, "holds_xids")));
}

/* Another one in the queue, with what it does there. */
static void write_other(struct live_page *page, const char *name, int64_t pid, bool soft)
{
	const struct json *other = find(json_get(live_values(page, "locks"), "sessions"), pid);

	paper_line(&page->paper);
	paper_span(&page->paper, STYLE_DIM, " %s", name);
	paper_tab(&page->paper, FIELD_INDENT);
	live_mark(page, pid);
	if (pid == 0)
		paper_span(&page->paper, STYLE_STRONG, "a prepared transaction");
	else
		paper_span(&page->paper, STYLE_STRONG, "%" PRId64, pid);
	if (json_get_bool(other, "ours"))
		paper_span(&page->paper, STYLE_BUSY, " (ours)");
	else
		paper_span(&page->paper, STYLE_TEXT, " %s", live_text(other, "application"));
	if (json_get_bool(other, "waiting"))
		paper_span(&page->paper, STYLE_CAUTION, ", which waits %s itself", live_duration(page, other, "wait_ms"));
	else
		paper_span(&page->paper, STYLE_TEXT, ", %s", live_text(other, "state"));
	if (soft)
		paper_span(&page->paper, STYLE_DIM, " (only further ahead in the queue)");
	if (json_get_text(other, "query")) {
		paper_line(&page->paper);
		paper_tab(&page->paper, FIELD_INDENT);
		paper_span(&page->paper, STYLE_DIM, "%s", json_get_text(other, "query"));
	}
}

static void write_wait(struct live_page *page, const struct live_session *session)
{
	const struct json *locks = session->values[OF_LOCKS], *blockers = json_get(locks, "blocked_by");
	const char *mode = json_get_text(locks, "mode"), *relation = json_get_text(locks, "relation");

	if (!json_get_bool(locks, "waiting"))
		return;
	paper_field(&page->paper, FIELD_INDENT, " waits", STYLE_CAUTION,
	            arena_printf(page->arena, "%s for %s%s%s (%s)", live_duration(page, locks, "wait_ms"),
	                         mode ? mode : "a lock", relation ? " on " : "", relation ? relation : "",
	                         live_text(locks, "lock")));
	for (size_t i = 0; i < json_count(blockers); i++) {
		const char *edge = json_get_text(json_at(blockers, i), "edge");
		write_other(page, i == 0 ? "behind" : "", json_get_int(json_at(blockers, i), "pid"),
		            edge && edge[0] == 's');
	}
}

static void write_blocked(struct live_page *page, const struct live_session *session)
{
	const struct json *sessions = json_get(live_values(page, "locks"), "sessions");
	bool first = true;

	for (size_t i = 0; session->there && i < json_count(sessions); i++) {
		const struct json *other = json_at(sessions, i);
		const struct json *in_its_way = find(json_get(other, "blocked_by"), session->pid);
		const char *edge = json_get_text(in_its_way, "edge");
		if (!in_its_way)
			continue;
		write_other(page, first ? "in the way of" : "", json_get_int(other, "pid"), edge && edge[0] == 's');
		first = false;
	}
}

static void write_progress(struct live_page *page, const struct live_session *session)
{
	const struct json *command = find(json_get(live_values(page, "progress"), "commands"), session->pid);

	if (command)
		paper_field(&page->paper, FIELD_INDENT, " progress", STYLE_BUSY,
		            arena_printf(page->arena, "%s %s: %s, %s%% of it", live_text(command, "command"),
		                         live_text(command, "relation"), live_text(command, "phase"),
		                         live_number(page, command, "percent")));
}

void live_session_write(struct live_page *page, const struct live_session *session)
{
	const char *query = text_of(session, "query"), *state = text_of(session, "state");
	bool is_idle = state && strncmp(state, "idle", strlen("idle")) == 0;
	bool ours = json_get_bool(session->values[OF_LOCKS], "ours") ||
	            json_get_bool(session->values[OF_TRANSACTIONS], "ours");

	paper_line(&page->paper);
	paper_span(&page->paper, STYLE_HEADING, "session %" PRId64, session->pid);
	if (ours)
		paper_span(&page->paper, STYLE_BUSY, " (ours)");
	if (session->seen_ms)
		paper_span(&page->paper, STYLE_DIM, " %s", age_text(page->arena, session->seen_ms, page->figures->now_ms));
	if (!session->there) {
		paper_line(&page->paper);
		paper_tab(&page->paper, 1);
		paper_text(&page->paper, STYLE_CAUTION, 1,
		           "It waits for no lock any more, is in nobody's way, and its transaction is none of the oldest, "
		           "if it has one. What was last seen of it:");
	}
	write_who(page, session);
	write_state(page, session);
	write_wait(page, session);
	write_blocked(page, session);
	write_progress(page, session);
	if (query) {
		paper_line(&page->paper);
		paper_line(&page->paper);
		paper_span(&page->paper, STYLE_DIM, is_idle ? " its last query" : " its query");
		code_write(&page->paper, query, strlen(query), 0);
	}
}
