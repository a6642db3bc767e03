#include "engine/tell/emit.h"

#include <stdarg.h>

#include "base/memory.h"
#include "base/strbuf.h"
#include "base/text.h"
#include "sys/clock.h"

struct emitter {
	const char *run_id;
	int64_t sequence;
	struct sink *sinks;
};

struct emitter *emitter_open(const char *run_id)
{
	struct emitter *emitter = memory_new(sizeof(*emitter));
	emitter->run_id = memory_strdup(run_id);
	return emitter;
}

void emitter_close(struct emitter *emitter)
{
	if (!emitter)
		return;
	memory_free((char *)(uintptr_t)emitter->run_id);
	memory_free(emitter);
}

void emitter_add(struct emitter *emitter, struct sink *sink)
{
	struct sink **end = &emitter->sinks;
	while (*end)
		end = &(*end)->next;
	sink->next = NULL;
	*end = sink;
}

void emit(struct emitter *emitter, enum event_type type, struct json *fields)
{
	_cleanup_strbuf_ struct strbuf line = {0};
	event_encode(&line, type, ++emitter->sequence, clock_stamp(clock_wall_ms()).text, emitter->run_id, fields);
	for (struct sink *sink = emitter->sinks; sink; sink = sink->next)
		sink->event(sink->context, type, strbuf_text(&line), fields);
	json_close(fields);
}

void emit_log(struct emitter *emitter, enum log_level level, const char *format, ...)
{
	_cleanup_strbuf_ struct strbuf raw = {0}, message = {0};
	va_list args;
	va_start(args, format);
	strbuf_vprintf(&raw, format, args);
	va_end(args);
	text_safe(&message, strbuf_text(&raw), raw.length, true);

	struct json *fields = json_new_object();
	json_set_text(fields, "level", log_level_name(level));
	json_set_text(fields, "message", strbuf_text(&message));
	emit(emitter, EVENT_LOG, fields);
}

/* Members without a value are left out: the event lines are closed, and null is no text. */
static void set_safe(struct json *fields, const char *key, const char *text)
{
	if (!text || !*text)
		return;
	_cleanup_arena_ struct arena *scratch = arena_open();
	json_set_text(fields, key, safe_text(scratch, text));
}

void emit_error(struct emitter *emitter, const struct error *err)
{
	struct json *fields = json_new_object();
	json_set_text(fields, "code", status_get(err->status)->name);
	set_safe(fields, "sqlstate", err->sqlstate);
	set_safe(fields, "message", err->message ? err->message : "unknown error");
	set_safe(fields, "detail", err->detail);
	set_safe(fields, "hint", error_hint_text(err));
	set_safe(fields, "file", err->file);
	if (err->line)
		json_set_int(fields, "line", err->line);
	if (err->column)
		json_set_int(fields, "column", err->column);
	emit(emitter, EVENT_ERROR, fields);
}

void emit_gate(struct emitter *emitter, enum gate gate, enum gate_state state, const char *reason, const char *hint,
               int64_t valid_until_ms)
{
	struct json *fields = json_new_object();
	json_set_text(fields, "gate", gate_get(gate)->name);
	json_set_text(fields, "state", gate_state_name(state));
	set_safe(fields, "reason", reason);
	set_safe(fields, "hint", hint);
	if (valid_until_ms)
		json_set_text(fields, "valid_until", clock_stamp(valid_until_ms).text);
	emit(emitter, EVENT_GATE, fields);
}

void emit_sample(struct emitter *emitter, const char *sampler, struct json *values)
{
	struct json *fields = json_new_object();
	json_set_text(fields, "sampler", sampler);
	json_set(fields, "values", values);
	emit(emitter, EVENT_SAMPLE, fields);
}

void emit_check(struct emitter *emitter, enum gate gate, const struct check *check)
{
	struct json *fields = json_new_object();
	json_set_text(fields, "gate", gate_get(gate)->name);
	json_set_text(fields, "check", check->name);
	set_safe(fields, "measured", check->measured ? check->measured : "-");
	set_safe(fields, "limit", check->limit ? check->limit : "-");
	json_set_bool(fields, "ok", check->ok);
	if (check->warning)
		json_set_bool(fields, "warning", true);
	set_safe(fields, "waived", check->waived_because);
	if (!check->ok)
		set_safe(fields, "hint", check->hint);
	emit(emitter, EVENT_EVIDENCE, fields);
}
