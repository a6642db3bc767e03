#include "core/explain/reading/frame_lines.h"

#include <ctype.h>
#include <string.h>

#include "base/list.h"

void frame_lines_split(struct arena *arena, const char *text, size_t length, struct frame_lines *lines)
{
	long number = 1;
	for (const char *at = text, *end = text + length; at < end; number++) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		const char *stop = newline ? newline : end;
		size_t size = (size_t)(stop - at);
		while (size && at[size - 1] == '\r')
			size--;
		list_push(arena, lines, ((struct frame_line){.text = at, .length = size, .number = number}));
		at = newline ? newline + 1 : end;
	}
}

struct frame_line frame_line_trim(struct frame_line line)
{
	while (line.length && isspace((unsigned char)line.text[0]))
		line.text++, line.length--;
	while (line.length && isspace((unsigned char)line.text[line.length - 1]))
		line.length--;
	return line;
}

bool frame_line_begins(struct frame_line line, const char *word)
{
	size_t length = strlen(word);
	return line.length >= length && memcmp(line.text, word, length) == 0;
}

bool frame_line_ends(struct frame_line line, const char *word)
{
	size_t length = strlen(word);
	return line.length >= length && memcmp(line.text + line.length - length, word, length) == 0;
}

bool frame_line_contains(struct frame_line line, const char *word)
{
	size_t length = strlen(word);
	for (size_t i = 0; i + length <= line.length; i++)
		if (memcmp(line.text + i, word, length) == 0)
			return true;
	return false;
}

struct frame_lines frame_lines_part(struct frame_lines lines, size_t from, size_t to)
{
	return (struct frame_lines){.items = lines.items + from, .count = to - from};
}
