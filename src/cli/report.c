#include "engine/tell/report_record.h"

#include <stdio.h>
#include <string.h>

#include "cli/commands.h"
#include "engine/tell/report_html.h"

enum { READ_BYTES = 64 * 1024, LINE_MOST_BYTES = 256 * 1024 * 1024 };

static enum status take_line(struct report_record *record, const char *path, size_t number, struct strbuf *line,
                             struct error *err)
{
	if (line->length && report_record_take(record, strbuf_text(line), line->length, err) != OK)
		return error_wrap(err, "%s:%zu", path, number);
	strbuf_reset(line);
	return OK;
}

/* A run that was killed may have left half a line at the end: that one is passed over. */
static enum status read_record(struct report_record *record, FILE *file, const char *path, struct error *err)
{
	_cleanup_strbuf_ struct strbuf line = {0};
	static char bytes[READ_BYTES];
	size_t number = 1, got;

	while ((got = fread(bytes, 1, sizeof(bytes), file)) > 0) {
		for (const char *at = bytes, *end = bytes + got; at < end;) {
			const char *newline = memchr(at, '\n', (size_t)(end - at));
			strbuf_add(&line, at, (size_t)((newline ? newline : end) - at));
			if (line.length > LINE_MOST_BYTES)
				return error_set(err, FAIL_REFUSED, "%s:%zu: the line is too long", path, number);
			if (!newline)
				break;
			if (take_line(record, path, number++, &line, err) != OK)
				return err->status;
			at = newline + 1;
		}
	}
	return ferror(file) ? error_errno(err, FAIL_USAGE, "could not read file \"%s\"", path) : OK;
}

static enum status open_record(struct report_record *record, const char *path, struct error *err)
{
	bool standard = strcmp(path, "-") == 0;
	FILE *file = standard ? stdin : fopen(path, "re");

	if (!file)
		return error_errno(err, FAIL_USAGE, "could not open file \"%s\"", path);
	enum status status = read_record(record, file, path, err);
	if (!standard)
		fclose(file);
	return status;
}

static enum status print_report(struct report_record *record, const char *path, bool html, struct error *err)
{
	_cleanup_strbuf_ struct strbuf text = {0};

	if (open_record(record, path, err) != OK)
		return err->status;
	const struct report *report = report_record_report(record);
	if (!report) {
		error_set(err, FAIL_REFUSED, "there is no event line in \"%s\"", path);
		return error_hint(err, "The record of each run is RUN.jsonl in the folder of runs; see pgsluice(1), FILES.");
	}
	if (html)
		report_html(&text, report);
	else
		report_markdown(&text, report);
	fputs(strbuf_text(&text), stdout);
	return OK;
}

static enum status run_report(struct invocation *invocation, struct error *err)
{
	const struct options *options = invocation->options;
	struct report_record *record = report_record_open();
	bool html = options->format && strcmp(options->format, "html") == 0;
	enum status status = print_report(record, options->operands.items[0], html, err);

	report_record_close(record);
	return status;
}

static const char *const FORMATS[] = {"markdown", "html", NULL};

const struct command command_report = {
	.name = "report",
	.summary = "make the report of a recorded run again, with its charts",
	.operands = "FILE",
	.operands_min = 1,
	.operands_max = 1,
	.options = OPTION_BIT(OPTION_FORMAT),
	.formats = FORMATS,
	.run = run_report,
};
