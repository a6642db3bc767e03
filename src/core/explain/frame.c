#include "core/explain/frame.h"

#include <ctype.h>
#include <string.h>

#include "base/json.h"
#include "base/list.h"
#include "base/strbuf.h"

/* A line without its end; the bytes belong to the input. */
struct line {
	const char *text;
	size_t length;
	long number;
};

struct lines {
	struct line *items;
	size_t count, room;
};

static void split(struct arena *arena, const char *text, size_t length, struct lines *lines)
{
	long number = 1;
	for (const char *at = text, *end = text + length; at < end; number++) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		const char *stop = newline ? newline : end;
		size_t size = (size_t)(stop - at);
		while (size && at[size - 1] == '\r')
			size--;
		list_push(arena, lines, ((struct line){.text = at, .length = size, .number = number}));
		at = newline ? newline + 1 : end;
	}
}

static struct line trim(struct line line)
{
	while (line.length && isspace((unsigned char)line.text[0]))
		line.text++, line.length--;
	while (line.length && isspace((unsigned char)line.text[line.length - 1]))
		line.length--;
	return line;
}

static bool begins(struct line line, const char *word)
{
	size_t length = strlen(word);
	return line.length >= length && memcmp(line.text, word, length) == 0;
}

static bool ends(struct line line, const char *word)
{
	size_t length = strlen(word);
	return line.length >= length && memcmp(line.text + line.length - length, word, length) == 0;
}

static bool contains(struct line line, const char *word)
{
	size_t length = strlen(word);
	for (size_t i = 0; i + length <= line.length; i++)
		if (memcmp(line.text + i, word, length) == 0)
			return true;
	return false;
}

static struct lines part(struct lines lines, size_t from, size_t to)
{
	return (struct lines){.items = lines.items + from, .count = to - from};
}

/* ---- the server's log ---- */

static bool begins_entry(struct line line)
{
	return contains(line, "duration: ") && ends(trim(line), " ms  plan:");
}

static bool is_other_entry(struct line line)
{
	static const char *const levels[] = {" LOG:  ",   " ERROR:  ",     " FATAL:  ", " WARNING:  ",
	                                     " DETAIL:  ", " STATEMENT:  ", " CONTEXT:  ", " HINT:  "};
	for (size_t i = 0; i < sizeof(levels) / sizeof(*levels); i++)
		if (contains(line, levels[i]))
			return true;
	return false;
}

/* The lines of the first entry with a plan: the server indents them with a tab, which not every tool keeps. */
static struct lines cut_entry(struct lines lines)
{
	size_t first = 0;
	while (first < lines.count && !begins_entry(lines.items[first]))
		first++;
	if (first++ == lines.count)
		return lines;
	bool indented = first < lines.count && begins(lines.items[first], "\t");
	size_t end = first;
	for (; end < lines.count; end++) {
		struct line *line = &lines.items[end];
		if (indented ? line->length && !begins(*line, "\t") : is_other_entry(*line))
			break;
		if (indented && line->length)
			line->text++, line->length--;
	}
	return part(lines, first, end);
}

/* A line of the log in JSON has all of the entry in its message. */
static bool take_message(struct arena *arena, struct line line, struct lines *ret_lines)
{
	_cleanup_json_ struct json *value = NULL;
	_cleanup_error_ struct error err = {0};
	if (!begins(line, "{") || !contains(line, " ms  plan:\\n") || json_parse(line.text, line.length, &value, &err))
		return false;
	const char *message = json_get_text(value, "message");
	const char *plan = message ? strstr(message, " ms  plan:\n") : NULL;
	if (!plan)
		return false;
	plan = arena_strdup(arena, strchr(plan, '\n') + 1);
	*ret_lines = (struct lines){0};
	split(arena, plan, strlen(plan), ret_lines);
	for (size_t i = 0; i < ret_lines->count; i++)
		ret_lines->items[i].number = line.number;
	return true;
}

/* In the log as CSV the message is a quoted field, which goes on to the next lines. */
static bool take_field(struct arena *arena, struct lines lines, size_t at, struct lines *ret_lines)
{
	static const char opening[] = ",\"duration: ";
	if (!begins_entry(lines.items[at]) || !contains(lines.items[at], opening))
		return false;
	_cleanup_strbuf_ struct strbuf out = {0};
	bool open = true;
	for (size_t i = at + 1; open && i < lines.count; i++) {
		const struct line *line = &lines.items[i];
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
	*ret_lines = (struct lines){0};
	split(arena, arena_strndup(arena, strbuf_text(&out), out.length), out.length, ret_lines);
	for (size_t i = 0; i < ret_lines->count; i++)
		ret_lines->items[i].number += lines.items[at].number;
	return true;
}

static struct lines cut_log(struct arena *arena, struct lines lines)
{
	struct lines message;
	for (size_t i = 0; i < lines.count; i++)
		if (take_message(arena, lines.items[i], &message) || take_field(arena, lines, i, &message))
			return message;
	return cut_entry(lines);
}

/* ---- psql's frames ---- */

static const char *const bars[] = {"|", "\xe2\x94\x82", "\xe2\x95\x91"};
enum { BAR_COUNT = sizeof(bars) / sizeof(*bars) };

static struct line without_bars(struct line line)
{
	struct line inner = trim(line);
	bool first = false, last = false;
	for (size_t i = 0; i < BAR_COUNT; i++) {
		size_t length = strlen(bars[i]);
		if (!first && begins(inner, bars[i])) {
			inner.text += length, inner.length -= length;
			first = true;
		}
		if (first && !last && ends(inner, bars[i])) {
			inner.length -= length;
			last = true;
		}
	}
	return first && last ? inner : line;
}

/* "----", "+-----+", and the same of line-drawing characters. */
static bool is_ruler(struct line line)
{
	line = trim(line);
	size_t dashes = 0;
	for (size_t i = 0; i < line.length; i++) {
		unsigned char byte = (unsigned char)line.text[i];
		if (byte == '-' || byte == 0xe2)
			dashes++;
		else if (byte != '+' && (byte < 0x80 || byte > 0xbf))
			return false;
	}
	return dashes >= 3 && !contains(line, bars[1]);
}

static bool is_header(struct line line)
{
	line = trim(without_bars(line));
	return line.length == 10 && begins(line, "QUERY PLAN");
}

static bool is_row_count(struct line line)
{
	line = trim(line);
	return begins(line, "(") && line.length > 1 && isdigit((unsigned char)line.text[1]) &&
	       (ends(line, " rows)") || ends(line, " row)"));
}

static struct line without_mark(struct line line)
{
	static const char *const marks[] = {"+", "\xe2\x86\xb5"};
	struct line cut = line;
	while (cut.length && cut.text[cut.length - 1] == ' ')
		cut.length--;
	for (size_t i = 0; i < sizeof(marks) / sizeof(*marks); i++)
		if (ends(cut, marks[i])) {
			cut.length -= strlen(marks[i]);
			return cut;
		}
	return line;
}

/* "QUERY PLAN | text", of the expanded form. */
static struct line without_name(struct line line)
{
	for (size_t at = 0; at < line.length; at++) {
		struct line rest = {line.text + at, line.length - at, line.number};
		for (size_t i = 0; i < BAR_COUNT; i++)
			if (begins(rest, bars[i])) {
				rest.text += strlen(bars[i]), rest.length -= strlen(bars[i]);
				return rest;
			}
	}
	return line;
}

/* What stands between the header and the number of rows; all of it when there is no header. */
static struct lines cut_frame(struct lines lines)
{
	size_t first = 0, end = 0;
	while (first < lines.count && !is_header(lines.items[first]))
		first++;
	first = first == lines.count ? 0 : first + 1;
	for (end = first; end < lines.count && !is_row_count(lines.items[end]);)
		end++;
	return part(lines, first, end);
}

static void strip_frame(struct lines *lines)
{
	bool expanded = false, marked = false;
	size_t kept = 0;
	for (size_t i = 0; i < lines->count; i++) {
		struct line line = lines->items[i];
		if (contains(line, "[ RECORD ")) {
			expanded = true;
			continue;
		}
		if (is_ruler(line) || begins(line, "Time: "))
			continue;
		line = without_bars(line);
		if (expanded)
			line = without_name(line);
		if (kept == 0)
			marked = without_mark(line).length != line.length;
		lines->items[kept++] = marked ? without_mark(line) : line;
	}
	lines->count = kept;
}

/* ---- rows in double quotes, as clients with a grid copy them ---- */

static const char *unquote(struct arena *arena, const char *text, size_t length, size_t *ret_length)
{
	_cleanup_strbuf_ struct strbuf out = {0};
	bool quoted = false;
	for (size_t i = 0; i < length; i++) {
		if (text[i] != '"') {
			strbuf_putc(&out, text[i]);
		} else if (quoted && i + 1 < length && text[i + 1] == '"') {
			strbuf_putc(&out, '"');
			i++;
		} else {
			quoted = !quoted;
		}
	}
	*ret_length = out.length;
	return arena_strndup(arena, strbuf_text(&out), out.length);
}

/* All rows are quoted, or those that have to be, below a header without a ruler. */
static bool is_quoted(const char *text, size_t length)
{
	static const char header[] = "QUERY PLAN";
	size_t blanks = 0;
	while (blanks < length && isspace((unsigned char)text[blanks]))
		blanks++;
	text += blanks, length -= blanks;
	if (length && *text == '"')
		return true;
	if (length < sizeof(header) || strncmp(text, header, sizeof(header) - 1) != 0)
		return false;
	for (size_t i = 0; i + 1 < length; i++)
		if (text[i] == '\n' && (text[i + 1] == '"' || text[i + 1] == '-'))
			return text[i + 1] == '"';
	return false;
}

/* ---- JSON ---- */

/* The length of the value that begins there, by its brackets; all of it when they do not close. */
static size_t json_length(const char *text, size_t length)
{
	size_t depth = 0;
	bool quoted = false;
	for (size_t i = 0; i < length; i++) {
		char byte = text[i];
		if (quoted && byte == '\\')
			i++;
		else if (byte == '"')
			quoted = !quoted;
		else if (!quoted && (byte == '[' || byte == '{'))
			depth++;
		else if (!quoted && (byte == ']' || byte == '}') && --depth == 0)
			return i + 1;
	}
	return length;
}

static void join(struct arena *arena, const struct lines *lines, struct framed *ret_framed)
{
	_cleanup_strbuf_ struct strbuf out = {0};
	for (size_t i = 0; i < lines->count; i++) {
		strbuf_add(&out, lines->items[i].text, lines->items[i].length);
		strbuf_putc(&out, '\n');
	}
	ret_framed->text = arena_strndup(arena, strbuf_text(&out), out.length);
	ret_framed->length = out.length;
}

void plan_unframe(struct arena *arena, const char *text, size_t length, struct framed *ret_framed)
{
	static const char mark[] = "\xef\xbb\xbf";
	struct lines lines = {0};
	if (length >= 3 && memcmp(text, mark, 3) == 0)
		text += 3, length -= 3;
	if (is_quoted(text, length))
		text = unquote(arena, text, length, &length);
	split(arena, text, length, &lines);
	lines = cut_frame(cut_log(arena, lines));
	strip_frame(&lines);
	*ret_framed = (struct framed){.first_line = lines.count ? lines.items[0].number : 1};
	join(arena, &lines, ret_framed);

	const char *first = ret_framed->text;
	while (isspace((unsigned char)*first))
		first++;
	if (*first != '[' && *first != '{')
		return;
	ret_framed->is_json = true;
	ret_framed->length = json_length(first, ret_framed->length - (size_t)(first - ret_framed->text));
	ret_framed->text = arena_strndup(arena, first, ret_framed->length);
}
