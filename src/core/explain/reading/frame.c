#include "core/explain/reading/frame.h"

#include <ctype.h>
#include <string.h>

#include "base/strbuf.h"
#include "core/explain/reading/frame_lines.h"

/* ---- psql's frames ---- */

static const char *const bars[] = {"|", "\xe2\x94\x82", "\xe2\x95\x91"};
enum { BAR_COUNT = sizeof(bars) / sizeof(*bars) };

static struct frame_line without_bars(struct frame_line line)
{
	struct frame_line inner = frame_line_trim(line);
	bool first = false, last = false;
	for (size_t i = 0; i < BAR_COUNT; i++) {
		size_t length = strlen(bars[i]);
		if (!first && frame_line_begins(inner, bars[i])) {
			inner.text += length, inner.length -= length;
			first = true;
		}
		if (first && !last && frame_line_ends(inner, bars[i])) {
			inner.length -= length;
			last = true;
		}
	}
	return first && last ? inner : line;
}

/* "----", "+-----+", and the same of line-drawing characters. */
static bool is_ruler(struct frame_line line)
{
	line = frame_line_trim(line);
	size_t dashes = 0;
	for (size_t i = 0; i < line.length; i++) {
		unsigned char byte = (unsigned char)line.text[i];
		if (byte == '-' || byte == 0xe2)
			dashes++;
		else if (byte != '+' && (byte < 0x80 || byte > 0xbf))
			return false;
	}
	return dashes >= 3 && !frame_line_contains(line, bars[1]);
}

static bool is_header(struct frame_line line)
{
	line = frame_line_trim(without_bars(line));
	return line.length == 10 && frame_line_begins(line, "QUERY PLAN");
}

static bool is_row_count(struct frame_line line)
{
	line = frame_line_trim(line);
	return frame_line_begins(line, "(") && line.length > 1 && isdigit((unsigned char)line.text[1]) &&
	       (frame_line_ends(line, " rows)") || frame_line_ends(line, " row)"));
}

static struct frame_line without_mark(struct frame_line line)
{
	static const char *const marks[] = {"+", "\xe2\x86\xb5"};
	struct frame_line cut = line;
	while (cut.length && cut.text[cut.length - 1] == ' ')
		cut.length--;
	for (size_t i = 0; i < sizeof(marks) / sizeof(*marks); i++)
		if (frame_line_ends(cut, marks[i])) {
			cut.length -= strlen(marks[i]);
			return cut;
		}
	return line;
}

/* "QUERY PLAN | text", of the expanded form. */
static struct frame_line without_name(struct frame_line line)
{
	for (size_t at = 0; at < line.length; at++) {
		struct frame_line rest = {line.text + at, line.length - at, line.number};
		for (size_t i = 0; i < BAR_COUNT; i++)
			if (frame_line_begins(rest, bars[i])) {
				rest.text += strlen(bars[i]), rest.length -= strlen(bars[i]);
				return rest;
			}
	}
	return line;
}

/* What stands between the header and the number of rows; all of it when there is no header. */
static struct frame_lines cut_frame(struct frame_lines lines)
{
	size_t first = 0, end = 0;
	while (first < lines.count && !is_header(lines.items[first]))
		first++;
	first = first == lines.count ? 0 : first + 1;
	for (end = first; end < lines.count && !is_row_count(lines.items[end]);)
		end++;
	return frame_lines_part(lines, first, end);
}

static void strip_frame(struct frame_lines *lines)
{
	bool expanded = false, marked = false;
	size_t kept = 0;
	for (size_t i = 0; i < lines->count; i++) {
		struct frame_line line = lines->items[i];
		if (frame_line_contains(line, "[ RECORD ")) {
			expanded = true;
			continue;
		}
		if (is_ruler(line) || frame_line_begins(line, "Time: "))
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

static void join(struct arena *arena, const struct frame_lines *lines, struct framed *ret_framed)
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
	struct frame_lines lines = {0};
	if (length >= 3 && memcmp(text, mark, 3) == 0)
		text += 3, length -= 3;
	if (is_quoted(text, length))
		text = unquote(arena, text, length, &length);
	frame_lines_split(arena, text, length, &lines);
	lines = cut_frame(frame_lines_cut_log(arena, lines));
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
