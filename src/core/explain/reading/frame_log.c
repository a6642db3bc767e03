#include "core/explain/reading/frame_lines.h"

#include <string.h>

#include "base/json.h"
#include "base/list.h"
#include "base/strbuf.h"

static bool begins_entry(struct frame_line line)
{
	return frame_line_contains(line, "duration: ") && frame_line_ends(frame_line_trim(line), " ms  plan:");
}

static bool is_other_entry(struct frame_line line)
{
	static const char *const levels[] = {" LOG:  ",   " ERROR:  ",     " FATAL:  ", " WARNING:  ",
	                                     " DETAIL:  ", " STATEMENT:  ", " CONTEXT:  ", " HINT:  "};
	for (size_t i = 0; i < sizeof(levels) / sizeof(*levels); i++)
		if (frame_line_contains(line, levels[i]))
			return true;
	return false;
}

/* The lines of the first entry with a plan: the server indents them with a tab, which not every tool keeps. */
static struct frame_lines cut_entry(struct frame_lines lines)
{
	size_t first = 0;
	while (first < lines.count && !begins_entry(lines.items[first]))
		first++;
	if (first++ == lines.count)
		return lines;
	bool indented = first < lines.count && frame_line_begins(lines.items[first], "\t");
	size_t end = first;
	for (; end < lines.count; end++) {
		struct frame_line *line = &lines.items[end];
		if (indented ? line->length && !frame_line_begins(*line, "\t") : is_other_entry(*line))
			break;
		if (indented && line->length)
			line->text++, line->length--;
	}
	return frame_lines_part(lines, first, end);
}

/* A line of the log in JSON has all of the entry in its message. */
static bool take_message(struct arena *arena, struct frame_line line, struct frame_lines *ret_lines)
{
	_cleanup_json_ struct json *value = NULL;
	_cleanup_error_ struct error err = {0};
	if (!frame_line_begins(line, "{") || !frame_line_contains(line, " ms  plan:\\n"))
		return false;
	if (json_parse(line.text, line.length, &value, &err) != OK)
		return false;
	const char *message = json_get_text(value, "message");
	const char *plan = message ? strstr(message, " ms  plan:\n") : NULL;
	if (!plan)
		return false;
	plan = arena_strdup(arena, strchr(plan, '\n') + 1);
	*ret_lines = (struct frame_lines){0};
	frame_lines_split(arena, plan, strlen(plan), ret_lines);
	for (size_t i = 0; i < ret_lines->count; i++)
		ret_lines->items[i].number = line.number;
	return true;
}

/* In the log as CSV the message is a quoted field, which goes on to the next lines. */
static bool take_field(struct arena *arena, struct frame_lines lines, size_t at, struct frame_lines *ret_lines)
{
	static const char opening[] = ",\"duration: ";
	if (!begins_entry(lines.items[at]) || !frame_line_contains(lines.items[at], opening))
		return false;
	_cleanup_strbuf_ struct strbuf out = {0};
	bool open = true;
	for (size_t i = at + 1; open && i < lines.count; i++) {
		const struct frame_line *line = &lines.items[i];
		for (size_t j = 0; open && j < line->length; j++) {
			bool quote = line->text[j] == '"';
			bool doubled = quote && j + 1 < line->length && line->text[j + 1] == '"';
			open = !quote || doubled;
			j += doubled;
			if (open)
				strbuf_putc(&out, line->text[j]);
		}
		strbuf_putc(&out, '\n');
	}
	*ret_lines = (struct frame_lines){0};
	frame_lines_split(arena, arena_strndup(arena, strbuf_text(&out), out.length), out.length, ret_lines);
	for (size_t i = 0; i < ret_lines->count; i++)
		ret_lines->items[i].number += lines.items[at].number;
	return true;
}

struct frame_lines frame_lines_cut_log(struct arena *arena, struct frame_lines lines)
{
	struct frame_lines message;
	for (size_t i = 0; i < lines.count; i++)
		if (take_message(arena, lines.items[i], &message) || take_field(arena, lines, i, &message))
			return message;
	return cut_entry(lines);
}
