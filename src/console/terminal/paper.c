#include "console/terminal/paper.h"

#include <stdarg.h>
#include <string.h>

#include "base/text.h"

struct paper paper_on(struct arena *arena, int width)
{
	return (struct paper){.arena = arena, .width = width > 0 ? width : 0};
}

void paper_line(struct paper *paper)
{
	list_add(paper->arena, &paper->lines);
}

static struct paper_line *last_line(struct paper *paper)
{
	if (paper->lines.count == 0)
		paper_line(paper);
	return &paper->lines.items[paper->lines.count - 1];
}

static void add_span(struct paper *paper, enum style style, const char *text)
{
	struct paper_line *line = last_line(paper);

	*list_add(paper->arena, &line->spans) = (struct paper_span){.style = style, .text = text};
	line->columns += text_columns(text);
}

void paper_span(struct paper *paper, enum style style, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	const char *text = arena_vprintf(paper->arena, format, args);
	va_end(args);
	add_span(paper, style, safe_text(paper->arena, text));
}

void paper_tab(struct paper *paper, int column)
{
	int blanks = column - last_line(paper)->columns;

	if (blanks > 0)
		add_span(paper, STYLE_TEXT, arena_printf(paper->arena, "%*s", blanks, ""));
}

/* Text that keeps its lines is wrapped by one rule for all: words as the columns of a terminal count them. */
void paper_text(struct paper *paper, enum style style, int indent, const char *text)
{
	_cleanup_strbuf_ struct strbuf safe = {0};

	text_safe(&safe, text, strlen(text), true);
	for (const char *at = strbuf_text(&safe); *at;) {
		size_t blanks = strspn(at, " \t"), word = strcspn(at + blanks, " \t\n");
		const char *part = arena_strndup(paper->arena, at + blanks, word);
		struct paper_line *line = last_line(paper);
		int needed = (int)blanks + text_columns(part);
		if (word && paper->width && line->columns > indent && line->columns + needed > paper->width) {
			paper_line(paper);
			blanks = 0;
			at += strspn(at, " \t");
		}
		paper_tab(paper, last_line(paper)->columns == 0 ? indent : 0);
		paper_tab(paper, last_line(paper)->columns + (int)blanks);
		if (word)
			add_span(paper, style, part);
		at += blanks + word;
		if (*at == '\n') {
			paper_line(paper);
			at++;
		}
	}
}

void paper_heading(struct paper *paper, const char *text)
{
	if (paper->lines.count > 0)
		paper_line(paper);
	paper_line(paper);
	paper_span(paper, STYLE_HEADING, "%s", text);
}

void paper_field(struct paper *paper, int indent, const char *name, enum style style, const char *text)
{
	if (!text)
		return;
	paper_line(paper);
	paper_span(paper, STYLE_DIM, "%s", name);
	paper_tab(paper, indent);
	paper_text(paper, style, indent, text);
}

void paper_draw(const struct area *area, const struct paper *paper, size_t top)
{
	for (int row = 0; row < area->rows && top + (size_t)row < paper->lines.count; row++) {
		const struct paper_line *line = &paper->lines.items[top + (size_t)row];
		int column = 0;
		for (size_t i = 0; i < line->spans.count; i++)
			column = area_put(area, row, column, line->spans.items[i].style, line->spans.items[i].text);
		if (line->columns > area->columns)
			area_put_glyph(area, row, area->columns - 1, STYLE_DIM, GLYPH_ELLIPSIS);
	}
	if (area->columns < 8 || area->rows < 1)
		return;
	if (top > 0)
		area_put(area, 0, area->columns - 2, STYLE_KEY, " ^");
	if (top + (size_t)area->rows < paper->lines.count)
		area_put(area, area->rows - 1, area->columns - 2, STYLE_KEY, " v");
}

void paper_plain(const struct paper *paper, struct strbuf *out)
{
	for (size_t i = 0; i < paper->lines.count; i++) {
		size_t start = out->length;
		for (size_t j = 0; j < paper->lines.items[i].spans.count; j++)
			strbuf_puts(out, paper->lines.items[i].spans.items[j].text);
		while (out->length > start && out->data[out->length - 1] == ' ')
			out->data[--out->length] = '\0';
		strbuf_putc(out, '\n');
	}
}
