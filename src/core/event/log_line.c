#include "core/event/log_line.h"

#include <inttypes.h>
#include <string.h>

#include "base/text.h"

static const char *const LEVEL_NAMES[LOG_LEVEL_COUNT] = {
	[LOG_DEBUG] = "debug",     [LOG_INFO] = "info",   [LOG_NOTICE] = "notice",
	[LOG_WARNING] = "warning", [LOG_ERROR] = "error",
};

const char *log_level_name(enum log_level level)
{
	return LEVEL_NAMES[level];
}

bool log_level_find(const char *name, enum log_level *ret_level)
{
	for (enum log_level level = 0; level < LOG_LEVEL_COUNT; level++) {
		if (strcmp(LEVEL_NAMES[level], name) == 0) {
			*ret_level = level;
			return true;
		}
	}
	return false;
}

static const char *text_at(const struct json *fields, const char *key)
{
	const char *text = json_get_text(fields, key);
	return text ? text : "";
}

static bool has_text(const struct json *fields, const char *key)
{
	return *text_at(fields, key) != '\0';
}

static bool is_one_of(const char *word, const char *const *words)
{
	for (size_t i = 0; words[i]; i++)
		if (strcmp(words[i], word) == 0)
			return true;
	return false;
}

/* ---- one row per type: how much it matters, what it says ---- */

static enum log_level level_of_gate(const struct json *fields)
{
	static const struct {
		const char *state;
		enum log_level level;
	} LEVELS[] = {{"failed", LOG_ERROR}, {"waived", LOG_WARNING}, {"stale", LOG_NOTICE}, {"waiting", LOG_DEBUG}};
	for (size_t i = 0; i < sizeof(LEVELS) / sizeof(LEVELS[0]); i++)
		if (strcmp(LEVELS[i].state, text_at(fields, "state")) == 0)
			return LEVELS[i].level;
	return LOG_INFO;
}

static void say_gate(struct strbuf *out, const struct json *fields)
{
	const char *state = text_at(fields, "state");
	bool ended = strcmp(state, "passed") == 0 || strcmp(state, "failed") == 0;

	strbuf_printf(out, "gate %s %s%s", text_at(fields, "gate"), ended ? "" : "is ", state);
	if (has_text(fields, "reason"))
		strbuf_printf(out, ": %s", text_at(fields, "reason"));
}

static enum log_level level_of_evidence(const struct json *fields)
{
	if (json_get_bool(fields, "ok") && !has_text(fields, "waived"))
		return LOG_INFO;
	return json_get_bool(fields, "warning") || has_text(fields, "waived") ? LOG_WARNING : LOG_ERROR;
}

static void say_evidence(struct strbuf *out, const struct json *fields)
{
	bool waived = has_text(fields, "waived");
	bool noted = waived || json_get_bool(fields, "ok") || json_get_bool(fields, "warning");

	strbuf_printf(out, "%s%s: %s", text_at(fields, "check"), waived ? " is waived" : noted ? "" : " does not hold",
	              text_at(fields, "measured"));
}

/* One that names no statement is the whole migration. */
static enum log_level level_of_step(const struct json *fields)
{
	if (has_text(fields, "error"))
		return LOG_WARNING;
	return json_has(fields, "statement") || strcmp(text_at(fields, "phase"), "end") != 0 ? LOG_DEBUG : LOG_INFO;
}

static void say_step(struct strbuf *out, const struct json *fields)
{
	static const struct {
		const char *phase, *says;
	} PHASES[] = {{"begin", "begins"}, {"progress", "goes on"}, {"end", "ended"}};
	bool statement = json_has(fields, "statement"), ended = strcmp(text_at(fields, "phase"), "end") == 0;
	bool live = strcmp(text_at(fields, "gate"), "apply") == 0;

	strbuf_printf(out, "migration %s", text_at(fields, "version"));
	if (statement || !ended)
		strbuf_printf(out, ", step %" PRId64, json_get_int(fields, "step"));
	if (statement)
		strbuf_printf(out, ", statement %" PRId64, json_get_int(fields, "statement"));
	if (has_text(fields, "error")) {
		strbuf_printf(out, " failed: %s", text_at(fields, "error"));
	} else if (ended && !statement) {
		strbuf_printf(out, " %s", live ? "is committed" : "ran");
	} else {
		for (size_t i = 0; i < sizeof(PHASES) / sizeof(PHASES[0]); i++)
			if (strcmp(PHASES[i].phase, text_at(fields, "phase")) == 0)
				strbuf_printf(out, " %s", PHASES[i].says);
	}
}

static void say_run(struct strbuf *out, const struct json *fields)
{
	strbuf_printf(out, "%s on database %s", text_at(fields, "command"),
	              text_at(json_get(fields, "target"), "database"));
}

static size_t count_state(const struct json *fields, const char *state)
{
	const struct json *migrations = json_get(fields, "migrations");
	size_t count = 0;
	for (size_t i = 0; i < json_count(migrations); i++)
		count += strcmp(text_at(json_at(migrations, i), "state"), state) == 0;
	return count;
}

static void say_plan(struct strbuf *out, const struct json *fields)
{
	strbuf_printf(out, "the plan has %zu migrations: %zu applied, %zu pending, %zu held",
	              json_count(json_get(fields, "migrations")), count_state(fields, "applied"),
	              count_state(fields, "pending"), count_state(fields, "held"));
}

static void say_sample(struct strbuf *out, const struct json *fields)
{
	const char *missing = json_get_text(json_get(fields, "values"), "unavailable");

	strbuf_printf(out, "sample of %s", text_at(fields, "sampler"));
	if (missing)
		strbuf_printf(out, ": none, %s", missing);
}

static enum log_level level_of_log(const struct json *fields)
{
	enum log_level level = LOG_INFO;
	(void)!log_level_find(text_at(fields, "level"), &level);
	return level;
}

static void say_message(struct strbuf *out, const struct json *fields)
{
	strbuf_puts(out, text_at(fields, "message"));
}

static enum log_level level_of_request(const struct json *fields)
{
	return json_get_bool(fields, "accepted") ? LOG_NOTICE : LOG_WARNING;
}

static void say_request(struct strbuf *out, const struct json *fields)
{
	strbuf_printf(out, "%s asked for %s", text_at(fields, "user"), text_at(fields, "request"));
	if (has_text(fields, "gate"))
		strbuf_printf(out, " of gate %s", text_at(fields, "gate"));
	if (has_text(fields, "action"))
		strbuf_printf(out, " %s of process %" PRId64, text_at(fields, "action"), json_get_int(fields, "backend_pid"));
	if (has_text(fields, "refused"))
		strbuf_printf(out, ", which is refused: %s", text_at(fields, "refused"));
	if (has_text(fields, "unknown"))
		strbuf_printf(out, ", the outcome is unknown: %s", text_at(fields, "unknown"));
}

static void say_guard(struct strbuf *out, const struct json *fields)
{
	strbuf_printf(out, "migration %s, step %" PRId64 " is pulled back, %s", text_at(fields, "version"),
	              json_get_int(fields, "step"), text_at(fields, "message"));
}

static enum log_level level_of_end(const struct json *fields)
{
	return json_get_int(fields, "exit") ? LOG_ERROR : LOG_INFO;
}

static void say_end(struct strbuf *out, const struct json *fields)
{
	strbuf_printf(out, "the run ended with exit %" PRId64 ": %s", json_get_int(fields, "exit"),
	              text_at(fields, "reason"));
}

static void say_engine(struct strbuf *out, const struct json *fields)
{
	strbuf_printf(out, "the engine is %s", text_at(fields, "state"));
}

static enum log_level level_of_explain(const struct json *fields)
{
	static const char *const BAD[] = {"worse", "over-budget", "failed", NULL};
	return is_one_of(text_at(fields, "outcome"), BAD) ? LOG_WARNING : LOG_INFO;
}

static void say_explain(struct strbuf *out, const struct json *fields)
{
	bool named = has_text(fields, "name"), judged = has_text(fields, "outcome");

	strbuf_printf(out, "the plan of %s on %s", named ? text_at(fields, "name") : "a query that was asked about",
	              text_at(fields, "on"));
	if (judged)
		strbuf_printf(out, " is %s", text_at(fields, "outcome"));
	if (has_text(fields, "reason"))
		strbuf_printf(out, ": %s", text_at(fields, "reason"));
}

/* Without a function the level is the row's. */
static const struct saying {
	enum log_level level;
	enum log_level (*level_of)(const struct json *fields);
	void (*say)(struct strbuf *out, const struct json *fields);
} SAYINGS[EVENT_TYPE_COUNT] = {
	[EVENT_RUN] = {.level = LOG_INFO, .say = say_run},
	[EVENT_PLAN] = {.level = LOG_INFO, .say = say_plan},
	[EVENT_GATE] = {.level_of = level_of_gate, .say = say_gate},
	[EVENT_EVIDENCE] = {.level_of = level_of_evidence, .say = say_evidence},
	[EVENT_STEP] = {.level_of = level_of_step, .say = say_step},
	[EVENT_SAMPLE] = {.level = LOG_DEBUG, .say = say_sample},
	[EVENT_LOG] = {.level_of = level_of_log, .say = say_message},
	[EVENT_ERROR] = {.level = LOG_ERROR, .say = say_message},
	[EVENT_REQUEST] = {.level_of = level_of_request, .say = say_request},
	[EVENT_END] = {.level_of = level_of_end, .say = say_end},
	[EVENT_ENGINE] = {.level = LOG_DEBUG, .say = say_engine},
	[EVENT_EXPLAIN] = {.level_of = level_of_explain, .say = say_explain},
	[EVENT_GUARD] = {.level = LOG_WARNING, .say = say_guard},
};

enum log_level log_line_level(enum event_type type, const struct json *fields)
{
	return SAYINGS[type].level_of ? SAYINGS[type].level_of(fields) : SAYINGS[type].level;
}

void log_line_say(struct strbuf *out, enum event_type type, const struct json *fields)
{
	SAYINGS[type].say(out, fields);
}

/* ---- one field ---- */

struct writing {
	struct strbuf *out;
	enum log_form form;
	const char *before; /* the name of the object that the field is a member of, or NULL */
	bool any;
};

static void put_name(struct writing *writing, const char *name)
{
	bool json = writing->form == LOG_FORM_JSON;

	strbuf_puts(writing->out, json ? writing->any ? ",\"" : "{\"" : writing->any ? " " : "");
	if (writing->before)
		strbuf_printf(writing->out, "%s_", writing->before);
	strbuf_printf(writing->out, "%s%s", name, json ? "\":" : "=");
	writing->any = true;
}

/* A bare word of logfmt: what no reader takes for the end of a value, or for a name. */
static bool is_bare(const char *text)
{
	for (const char *at = text; *at; at++)
		if (*at <= ' ' || strchr("\"=\\", *at) || *at == '\x7f')
			return false;
	return *text != '\0';
}

static void put_text(struct writing *writing, const char *name, const char *text)
{
	_cleanup_strbuf_ struct strbuf safe = {0};

	put_name(writing, name);
	text_safe(&safe, text, strlen(text), true);
	text = strbuf_text(&safe);
	if (writing->form == LOG_FORM_LOGFMT && is_bare(text)) {
		strbuf_puts(writing->out, text);
		return;
	}
	/* Quotes and escapes are the same in both. */
	_cleanup_json_ struct json *value = json_new_text(text);
	json_write(writing->out, value);
}

static bool put_scalar(struct writing *writing, const char *name, const struct json *value)
{
	switch (json_kind(value)) {
	case JSON_KIND_TEXT:
		put_text(writing, name, json_text(value));
		return true;
	case JSON_KIND_INT:
	case JSON_KIND_REAL:
	case JSON_KIND_BOOL:
		put_name(writing, name);
		json_write(writing->out, value);
		return true;
	default:
		return false;
	}
}

static bool put_member(const char *name, const struct json *value, void *context)
{
	put_scalar(context, name, value);
	return true;
}

/* The head has these words for itself; level and message of a log event are the line's. */
static const char *const TAKEN[] = {"level", "message", "sql", "plan", NULL};

static void put_fields(struct writing *writing, enum event_type type, const struct json *fields)
{
	const struct event_row *row = event_get(type);

	for (size_t i = 0; i < row->field_count; i++) {
		const char *name = row->fields[i].name;
		const struct json *value = json_get(fields, name);
		if (!value || is_one_of(name, TAKEN) || put_scalar(writing, name, value))
			continue;
		if (json_kind(value) == JSON_KIND_OBJECT) {
			struct writing members = *writing;
			members.before = name;
			json_each(value, put_member, &members);
		}
	}
}

void log_line_write(struct strbuf *out, enum log_form form, enum event_type type, const struct event_head *head,
                    const struct json *fields)
{
	_cleanup_strbuf_ struct strbuf message = {0};
	_cleanup_json_ struct json *seq = json_new_int(head->seq);
	struct writing writing = {.out = out, .form = form};

	log_line_say(&message, type, fields);
	put_text(&writing, "ts", head->ts);
	put_text(&writing, "level", log_level_name(log_line_level(type, fields)));
	put_text(&writing, "run", head->run);
	put_scalar(&writing, "seq", seq);
	put_text(&writing, "event", event_get(type)->name);
	put_text(&writing, "message", strbuf_text(&message));
	put_fields(&writing, type, fields);
	if (form == LOG_FORM_JSON)
		strbuf_putc(out, '}');
}
