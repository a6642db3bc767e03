#include "console/manual.h"

#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"

const struct manual_page *manual_find(const char *name)
{
	for (const struct manual_page *page = MANUAL; page->name; page++)
		if (strcmp(page->name, name) == 0)
			return page;
	return NULL;
}

/* One character of a line, and how it is struck: twice the same is bold, over an underscore is underlined. */
static size_t read_character(const char *at, const char **ret_character, size_t *ret_length, enum style *ret_style)
{
	uint32_t code = 0, over = 0;
	size_t first = text_decode(at, strlen(at), &code), used = first, length = first;

	*ret_character = at;
	*ret_style = STYLE_TEXT;
	while (first > 0 && at[used] == '\b') {
		length = text_decode(at + used + 1, strlen(at + used + 1), &over);
		*ret_character = at + used + 1;
		*ret_style = code == '_' && over != '_' ? STYLE_KEY : STYLE_STRONG;
		used += 1 + length;
	}
	*ret_length = length;
	return used;
}

static void write_line(struct paper *paper, const char *line)
{
	char text[1024];
	size_t length = 0;
	enum style style = STYLE_TEXT;

	paper_line(paper);
	while (*line) {
		const char *character;
		size_t size;
		enum style struck;
		size_t used = read_character(line, &character, &size, &struck);
		if (used == 0)
			break; /* mandoc prints UTF-8, and nothing else is in our pages */
		bool blank = *character == ' ';
		if ((struck != style && !blank) || length + size >= sizeof(text)) {
			if (length)
				paper_span(paper, style, "%.*s", (int)length, text);
			length = 0;
			style = struck;
		}
		memcpy(text + length, character, size);
		length += size;
		line += used;
	}
	if (length)
		paper_span(paper, style, "%.*s", (int)length, text);
}

void manual_write(struct paper *paper, const struct manual_page *page)
{
	for (size_t i = 0; page->lines[i]; i++)
		write_line(paper, page->lines[i]);
}

/* Headings stand at the margin, those of subsections three blanks from it, and are bold. */
static bool is_heading(const char *line)
{
	size_t blanks = strspn(line, " ");
	return (blanks == 0 || blanks == 3) && line[blanks] && line[blanks + 1] == '\b' && line[blanks] != '_' &&
	       (unsigned char)line[blanks] < 0x80;
}

static void plain_line(const char *line, char *ret_text, size_t room)
{
	size_t length = 0;

	while (*line) {
		const char *character;
		size_t size;
		enum style style;
		size_t used = read_character(line, &character, &size, &style);
		if (used == 0 || length + size + 1 > room)
			break;
		memcpy(ret_text + length, character, size);
		length += size;
		line += used;
	}
	ret_text[length] = '\0';
}

size_t manual_heading(const struct manual_page *page, const char *text)
{
	char heading[256];

	for (size_t i = 0; page->lines[i]; i++) {
		if (!is_heading(page->lines[i]))
			continue;
		plain_line(page->lines[i], heading, sizeof(heading));
		if (strcasestr(heading, text))
			return i;
	}
	return SIZE_MAX;
}

size_t manual_next_heading(const struct manual_page *page, size_t line, bool forward)
{
	size_t last = SIZE_MAX;

	for (size_t i = 0; page->lines[i]; i++) {
		if (!is_heading(page->lines[i]))
			continue;
		if (forward && i > line)
			return i;
		if (!forward && i < line)
			last = i;
	}
	return last;
}
