#include "engine/tell/report_record.h"

#include <inttypes.h>
#include <string.h>

#include "base/memory.h"
#include "base/stamp.h"

struct report_record {
	struct arena *arena;
	struct series_set *series;
	struct target target;
	struct json *plan;
	struct checklist checklist;
	struct evidence evidence[GATE_COUNT];
	struct report report;
	enum status failure;      /* of the last error */
	bool ended;
};

struct report_record *report_record_open(void)
{
	struct report_record *record = memory_new(sizeof(*record));

	record->arena = arena_open();
	record->series = series_open();
	record->report = (struct report){
		.command = "unknown",
		.tool_version = "unknown",
		.checklist = &record->checklist,
		.evidence = record->evidence,
		.series = record->series,
		.again = true,
	};
	for (enum gate gate = 0; gate < GATE_COUNT; gate++)
		record->evidence[gate].gate = gate;
	return record;
}

void report_record_close(struct report_record *record)
{
	if (!record)
		return;
	json_close(record->plan);
	series_close(record->series);
	arena_close(record->arena);
	memory_free(record);
}

static const char *keep(struct report_record *record, const struct json *fields, const char *key)
{
	return arena_strdup(record->arena, json_get_text(fields, key));
}

static const char *keep_or_empty(struct report_record *record, const struct json *fields, const char *key)
{
	const char *text = keep(record, fields, key);
	return text ? text : "";
}

/* ---- a type of line each ---- */

static void take_run(struct report_record *record, const struct json *event)
{
	const struct json *target = json_get(event, "target");

	record->report.command = keep(record, event, "command");
	record->report.tool_version = keep(record, event, "tool_version");
	record->report.environment = keep(record, event, "environment");
	record->report.target = &record->target;
	record->target = (struct target){
		.system_identifier = keep(record, target, "system_identifier"),
		.timeline = keep(record, target, "timeline"),
		.database_oid = keep(record, target, "database_oid"),
		.database = keep(record, target, "database"),
		.environment = keep_or_empty(record, target, "environment"),
		.server_version_text = keep_or_empty(record, target, "server_version"),
	};
}

static void take_plan(struct report_record *record, const struct json *event)
{
	json_close(record->plan);
	record->plan = json_clone(event);
	record->report.plan = record->plan;
}

/* A gate that begins anew forgets what it found before. */
static void take_gate(struct report_record *record, int64_t at_ms, const struct json *event)
{
	enum gate_state state;
	enum gate gate;

	if (!gate_find(json_get_text(event, "gate"), &gate) || !gate_state_find(json_get_text(event, "state"), &state))
		return;
	struct evidence *evidence = &record->evidence[gate];
	record->checklist.states[gate] = state;
	if (state == GATE_RUNNING)
		evidence->checks.count = 0;
	evidence->state = state;
	evidence->taken_ms = evidence->valid_until_ms = at_ms;
	evidence->run_id = record->report.run_id;
	if (json_has(event, "valid_until"))
		(void)!stamp_read(json_get_text(event, "valid_until"), &evidence->valid_until_ms);
}

static void take_check(struct report_record *record, const struct json *event)
{
	enum gate gate;

	if (!gate_find(json_get_text(event, "gate"), &gate))
		return;
	/* What is asked again while another gate is at work is news only when it does not hold. */
	if (record->checklist.states[gate] != GATE_RUNNING && json_get_bool(event, "ok"))
		return;
	*list_add(record->arena, &record->evidence[gate].checks) = (struct check){
		.name = keep(record, event, "check"),
		.measured = keep(record, event, "measured"),
		.limit = keep(record, event, "limit"),
		.hint = keep(record, event, "hint"),
		.waived_because = keep(record, event, "waived"),
		.ok = json_get_bool(event, "ok"),
		.warning = json_get_bool(event, "warning"),
	};
}

static const char *name_of(const struct report_record *record, const char *version)
{
	const struct json *migrations = json_get(record->plan, "migrations");

	for (size_t i = 0; i < json_count(migrations); i++)
		if (strcmp(json_get_text(json_at(migrations, i), "version"), version) == 0)
			return json_get_text(json_at(migrations, i), "name");
	return "";
}

/* A step that names no statement is the whole migration: in gate apply it is committed. */
static void take_step(struct report_record *record, const struct json *event)
{
	const char *gate = json_get_text(event, "gate"), *version = json_get_text(event, "version");

	if (!gate || strcmp(gate, gate_get(GATE_APPLY)->name) != 0 || json_has(event, "statement") ||
	    strcmp(json_get_text(event, "phase"), "end") != 0 || json_has(event, "error"))
		return;
	*list_add(record->arena, &record->report.applied) = (struct report_applied){
		.version = arena_strdup(record->arena, version),
		.name = arena_strdup(record->arena, name_of(record, version)),
		.outcome = "committed",
		.duration_ms = json_has(event, "duration_ms") ? json_get_int(event, "duration_ms") : -1,
	};
}

static void take_error(struct report_record *record, const struct json *event)
{
	for (enum status status = OK; status < STATUS_COUNT; status++)
		if (strcmp(status_get(status)->name, json_get_text(event, "code")) == 0)
			record->failure = status;
	record->report.hint = keep(record, event, "hint");
}

/* Several outcomes may share an exit code: the error before it said which. */
static void take_end(struct report_record *record, const struct json *event)
{
	int64_t exit_code = json_get_int(event, "exit");

	record->ended = true;
	record->report.reason = keep(record, event, "reason");
	record->report.status = FAIL_INTERNAL;
	for (enum status status = STATUS_COUNT; status-- > 0;)
		if (status_get(status)->exit_code == exit_code)
			record->report.status = status;
	if (status_get(record->failure)->exit_code == exit_code)
		record->report.status = record->failure;
	if (exit_code == 0)
		record->report.hint = NULL;
}

static void take_event(struct report_record *record, int64_t at_ms, enum event_type type, const struct json *event)
{
	series_take(record->series, at_ms, type, event);
	switch (type) {
	case EVENT_RUN: take_run(record, event); break;
	case EVENT_PLAN: take_plan(record, event); break;
	case EVENT_GATE: take_gate(record, at_ms, event); break;
	case EVENT_EVIDENCE: take_check(record, event); break;
	case EVENT_STEP: take_step(record, event); break;
	case EVENT_ERROR: take_error(record, event); break;
	case EVENT_END: take_end(record, event); break;
	default: break;
	}
}

enum status report_record_take(struct report_record *record, const char *line, size_t length, struct error *err)
{
	_cleanup_json_ struct json *event = NULL;
	struct report *report = &record->report;
	enum event_type type;
	int64_t at_ms = 0;

	if (event_decode(line, length, &type, &event, err) != OK)
		return err->status;
	/* What was told to a viewer between the lines is no part of the run. */
	if (json_get_int(event, "seq") == 0)
		return OK;
	const char *run_id = json_get_text(event, "run");
	if (report->run_id && strcmp(report->run_id, run_id) != 0) {
		error_set(err, FAIL_REFUSED, "the record has lines of two runs");
		return error_hint(err, "Each run has a file of its own in the folder of runs; name that one.");
	}
	(void)!stamp_read(json_get_text(event, "ts"), &at_ms);
	if (!report->run_id) {
		report->run_id = arena_strdup(record->arena, run_id);
		report->started_ms = at_ms;
	}
	report->ended_ms = at_ms;
	take_event(record, at_ms, type, event);
	return OK;
}

const struct report *report_record_report(struct report_record *record)
{
	struct report *report = &record->report;

	if (!report->run_id)
		return NULL;
	if (!record->ended) {
		report->status = FAIL_INTERRUPTED;
		report->reason = "the record has no end: the run was killed, or still goes on";
		report->hint = "Start the same command again: it goes on from what is recorded in the target.";
	}
	return report;
}
