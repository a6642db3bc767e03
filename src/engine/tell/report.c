#include "engine/tell/report.h"

#include <inttypes.h>
#include <string.h>

#include "base/stamp.h"
#include "base/text.h"
#include "core/migration/target.h"
#include "engine/tell/report_html.h"
#include "sys/file.h"

/* Text in a table cell: safe, on one line, and without what Markdown or HTML would take for markup. */
static void put_cell(struct strbuf *out, const char *text)
{
	_cleanup_strbuf_ struct strbuf safe = {0};
	text_safe(&safe, text ? text : "", text ? strlen(text) : 0, true);
	for (const char *at = strbuf_text(&safe); *at; at++) {
		if (*at == '\n' || *at == '\t')
			strbuf_putc(out, ' ');
		else if (*at == '<')
			strbuf_puts(out, "&lt;");
		else if (strchr("|\\`*_[]", *at))
			strbuf_printf(out, "\\%c", *at);
		else
			strbuf_putc(out, *at);
	}
}

static void put_row(struct strbuf *out, const char *name, const char *value)
{
	strbuf_printf(out, "| %s | ", name);
	put_cell(out, value);
	strbuf_puts(out, " |\n");
}

static const char *or_empty(const char *text)
{
	return text ? text : "";
}

static void put_head(struct strbuf *out, struct arena *arena, const struct report *report)
{
	const struct status_row *status = status_get(report->status);
	const struct target *target = report->target;

	strbuf_printf(out, "# pgsluice run %s\n\n| | |\n|---|---|\n", report->run_id);
	put_row(out, "outcome",
	        arena_printf(arena, "exit %d (%s): %s", status->exit_code, status->name, or_empty(report->reason)));
	if (report->hint)
		put_row(out, "what to do next", report->hint);
	put_row(out, "command", report->command);
	if (report->environment && *report->environment)
		put_row(out, "environment", report->environment);
	if (target)
		put_row(out, "target",
		        arena_printf(arena, "%s, system %s, timeline %s, database oid %s, server %s", target->database,
		                     target->system_identifier, target->timeline, target->database_oid,
		                     or_empty(target->server_version_text)));
	if (report->plan)
		put_row(out, "plan id", json_get_text(report->plan, "plan_id"));
	put_row(out, "started", stamp_text(arena, report->started_ms));
	put_row(out, "ended",
	        arena_printf(arena, "%s, after %s", stamp_text(arena, report->ended_ms),
	                     text_duration(arena, report->ended_ms - report->started_ms)));
	put_row(out, "pgsluice", report->tool_version);
}

static void put_checklist(struct strbuf *out, const struct report *report)
{
	strbuf_puts(out, "\n## Checklist\n\n");
	for (enum gate gate = 0; gate < GATE_COUNT; gate++) {
		enum gate_state state = report->checklist->states[gate];
		strbuf_printf(out, "- [%c] %s: %s. %s\n", state == GATE_PASSED ? 'x' : ' ', gate_get(gate)->title,
		              gate_state_name(state), gate_get(gate)->question);
	}
}

static void put_plan(struct strbuf *out, const struct json *plan)
{
	const struct json *migrations = json_get(plan, "migrations");
	strbuf_puts(out, "\n## Plan\n\n");
	if (json_count(migrations) == 0) {
		strbuf_puts(out, "There was nothing in the plan.\n");
		return;
	}
	strbuf_puts(out, "| version | name | state | transaction | steps |\n|---|---|---|---|---|\n");
	for (size_t i = 0; i < json_count(migrations); i++) {
		static const char *const COLUMNS[] = {"version", "name", "state", "transaction"};
		const struct json *migration = json_at(migrations, i);
		for (size_t j = 0; j < sizeof(COLUMNS) / sizeof(COLUMNS[0]); j++) {
			strbuf_puts(out, "| ");
			put_cell(out, json_get_text(migration, COLUMNS[j]));
			strbuf_putc(out, ' ');
		}
		strbuf_printf(out, "| %zu |\n", json_count(json_get(migration, "steps")));
	}
}

static const char *result_of(const struct check *check)
{
	if (check->ok)
		return "ok";
	if (check->warning)
		return "**warning**";
	return check->waived_because ? "**waived**" : "**failed**";
}

static void put_check(struct strbuf *out, const struct check *check)
{
	strbuf_puts(out, "| ");
	put_cell(out, check->name);
	strbuf_puts(out, " | ");
	put_cell(out, check->measured);
	strbuf_puts(out, " | ");
	put_cell(out, check->limit);
	strbuf_printf(out, " | %s", result_of(check));
	if (check->waived_because) {
		strbuf_puts(out, ": ");
		put_cell(out, check->waived_because);
	}
	if (!check->ok && check->hint) {
		strbuf_puts(out, ". ");
		put_cell(out, check->hint);
	}
	strbuf_puts(out, " |\n");
}

static bool was_made(const struct evidence *evidence)
{
	return evidence->checks.count > 0;
}

static void put_gates(struct strbuf *out, struct arena *arena, const struct report *report)
{
	strbuf_puts(out, "\n## Evidence\n");
	for (enum gate gate = 0; gate < GATE_COUNT; gate++) {
		const struct evidence *evidence = &report->evidence[gate];
		if (!was_made(evidence))
			continue;
		strbuf_printf(out, "\n### %s: %s\n\nTaken at %s, valid until %s, by run %s.\n\n", gate_get(gate)->title,
		              gate_state_name(report->checklist->states[gate]), stamp_text(arena, evidence->taken_ms),
		              stamp_text(arena, evidence->valid_until_ms), or_empty(evidence->run_id));
		strbuf_puts(out, "| check | measured | limit | result |\n|---|---|---|---|\n");
		for (size_t i = 0; i < evidence->checks.count; i++)
			put_check(out, &evidence->checks.items[i]);
	}
}

static void put_applied(struct strbuf *out, struct arena *arena, const struct report *report)
{
	strbuf_puts(out, "\n## Applied\n\n");
	if (report->applied.count == 0) {
		strbuf_puts(out, "Nothing was written to live.\n");
		return;
	}
	strbuf_puts(out, "| version | name | outcome | duration |\n|---|---|---|---|\n");
	for (size_t i = 0; i < report->applied.count; i++) {
		const struct report_applied *applied = &report->applied.items[i];
		strbuf_printf(out, "| %s | ", applied->version);
		put_cell(out, applied->name);
		strbuf_printf(out, " | %s | %s |\n", applied->outcome,
		              applied->duration_ms < 0 ? "unknown" : text_duration(arena, applied->duration_ms));
	}
}

static void put_summary(struct strbuf *out, struct arena *arena, const struct series_group *group,
                        const struct series_told *told, int64_t end_ms)
{
	struct series_summary summary;

	for (size_t i = 0; i < SERIES_IN_GROUP && group->rows[i].name; i++)
		if (series_summary(&told->series[i], end_ms, &summary))
			strbuf_printf(out, "| %s, %s | %s | %s | %s |\n", group->title, group->rows[i].label,
			              series_figure(arena, group->unit, summary.least),
			              series_figure(arena, group->unit, summary.mean),
			              series_figure(arena, group->unit, summary.most));
}

static void put_live(struct strbuf *out, struct arena *arena, const struct series_set *series)
{
	size_t count;
	const struct series_group *groups = series_groups(&count);
	int64_t begin_ms = 0, end_ms = 0;

	if (!series || !series_times(series, &begin_ms, &end_ms))
		return;
	strbuf_puts(out, "\n## Live meanwhile\n\n| figure | least | mean | most |\n|---|---|---|---|\n");
	for (size_t i = 0; i < count; i++)
		put_summary(out, arena, &groups[i], &series->told[i], end_ms);
	if (series->marks.count)
		strbuf_puts(out, "\n");
	for (size_t i = 0; i < series->marks.count; i++) {
		strbuf_printf(out, "- %s: ", stamp_text(arena, series->marks.items[i].at_ms));
		put_cell(out, series->marks.items[i].text);
		strbuf_putc(out, '\n');
	}
}

void report_markdown(struct strbuf *out, const struct report *report)
{
	_cleanup_arena_ struct arena *scratch = arena_open();
	put_head(out, scratch, report);
	put_checklist(out, report);
	if (report->plan)
		put_plan(out, report->plan);
	put_gates(out, scratch, report);
	put_applied(out, scratch, report);
	put_live(out, scratch, report->series);
	strbuf_puts(out, report->again ? "\nMade again from the record of the run.\n"
	                               : "\nThe facts that each gate kept are in the JSON report beside this one, charts "
	                                 "in the HTML.\n");
}

static struct json *gates_json(struct arena *arena, const struct report *report)
{
	struct json *gates = json_new_array();
	for (enum gate gate = 0; gate < GATE_COUNT; gate++) {
		struct evidence evidence = report->evidence[gate];
		struct json *value = json_new_object();
		json_set_text(value, "gate", gate_get(gate)->name);
		json_set_text(value, "state", gate_state_name(report->checklist->states[gate]));
		if (was_made(&evidence))
			json_set(value, "evidence", evidence_json(arena, &evidence));
		json_push(gates, value);
	}
	return gates;
}

static struct json *applied_json(const struct report *report)
{
	struct json *list = json_new_array();
	for (size_t i = 0; i < report->applied.count; i++) {
		const struct report_applied *applied = &report->applied.items[i];
		struct json *value = json_new_object();
		json_set_text(value, "version", applied->version);
		json_set_text(value, "name", applied->name);
		json_set_text(value, "outcome", applied->outcome);
		if (applied->duration_ms >= 0)
			json_set_int(value, "duration_ms", applied->duration_ms);
		json_push(list, value);
	}
	return list;
}

struct json *report_json(const struct report *report)
{
	_cleanup_arena_ struct arena *scratch = arena_open();
	const struct status_row *status = status_get(report->status);
	struct json *value = json_new_object();

	json_set_int(value, "v", 1);
	json_set_text(value, "run", report->run_id);
	json_set_text(value, "command", report->command);
	json_set_text(value, "tool_version", report->tool_version);
	json_set_int(value, "exit", status->exit_code);
	json_set_text(value, "status", status->name);
	json_set_text(value, "reason", report->reason);
	json_set_text(value, "hint", report->hint);
	json_set_text(value, "started_at", stamp_text(scratch, report->started_ms));
	json_set_text(value, "ended_at", stamp_text(scratch, report->ended_ms));
	json_set_int(value, "duration_ms", report->ended_ms - report->started_ms);
	json_set_text(value, "environment", report->environment);
	if (report->target)
		json_set(value, "target", target_json(report->target));
	if (report->plan)
		json_set(value, "plan", json_share(report->plan));
	json_set(value, "gates", gates_json(scratch, report));
	json_set(value, "applied", applied_json(report));
	int64_t begin_ms = 0, end_ms = 0;
	if (report->series && series_times(report->series, &begin_ms, &end_ms)) {
		json_set_text(value, "series_begin", stamp_text(scratch, begin_ms));
		json_set(value, "series", series_json(report->series, begin_ms));
	}
	return value;
}

static void put_piece(void *writer, const char *bytes, size_t length)
{
	file_writer_put(writer, bytes, length);
}

static enum status write_json(const char *path, const struct report *report, struct error *err)
{
	_cleanup_json_ struct json *value = report_json(report);
	struct file_writer *writer;
	if (file_writer_open(path, &writer, err) != OK)
		return err->status;
	json_stream(value, JSON_PRETTY, put_piece, writer);
	file_writer_put(writer, "\n", 1);
	return file_writer_close(writer, err);
}

/* One after the other: each is large where the plan is. */
static enum status write_text(const char *path, void (*form)(struct strbuf *out, const struct report *report),
                              const struct report *report, struct error *err)
{
	_cleanup_strbuf_ struct strbuf text = {0};

	form(&text, report);
	return file_write(path, strbuf_text(&text), text.length, err);
}

enum status report_write(struct arena *arena, const char *folder, const struct report *report, const char **ret_path,
                         struct error *err)
{
	const char *base = path_join(arena, folder, report->run_id);
	const char *path = arena_printf(arena, "%s.report.md", base);

	enum status status = folder_make(folder, err);
	if (!status)
		status = write_text(path, report_markdown, report, err);
	if (!status)
		status = write_text(arena_printf(arena, "%s.report.html", base), report_html, report, err);
	if (!status)
		status = write_json(arena_printf(arena, "%s.report.json", base), report, err);
	if (!status)
		*ret_path = path;
	return status;
}
