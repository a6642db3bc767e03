#include "cli/screen.h"

#include <langinfo.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/strbuf.h"
#include "base/text.h"

enum { USUAL_WIDTH = 80, HANG = 4, MARK_COLUMNS = 6, NAME_COLUMNS = 14 };

/* The terminal writes "^C" behind the progress line: what went on below could not be removed. */
enum { ECHO_COLUMNS = 3 };

static const struct {
	const char *colour, *glyph;
} TONES[] = {
	[TONE_PLAIN] = {"", ""},
	[TONE_GOOD] = {"\x1b[32m", "\xE2\x9C\x94"},
	[TONE_BAD] = {"\x1b[31m", "\xE2\x9C\x98"},
	[TONE_CAUTION] = {"\x1b[33m", "\xE2\x97\x8B"},
	[TONE_HEADING] = {"\x1b[1m", ""},
};

static bool moves_cursor(int fd)
{
	const char *term = getenv("TERM");
	return isatty(fd) && term && strcmp(term, "dumb") != 0;
}

static bool same_file(int a, int b)
{
	struct stat first, second;
	return fstat(a, &first) == 0 && fstat(b, &second) == 0 && first.st_dev == second.st_dev &&
	       first.st_ino == second.st_ino;
}

struct screen screen_standard(void)
{
	const char *no_color = getenv("NO_COLOR");
	struct screen screen = {.out = stdout, .log = stderr};
	screen.terminal = moves_cursor(STDOUT_FILENO);
	screen.log_terminal = moves_cursor(STDERR_FILENO);
	screen.one_terminal = isatty(STDOUT_FILENO) && isatty(STDERR_FILENO) && same_file(STDOUT_FILENO, STDERR_FILENO);
	screen.colour = screen.terminal && !(no_color && *no_color);
	screen.glyphs = screen.terminal && strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
	return screen;
}

void screen_settle(struct screen *screen)
{
	if (!screen->has_progress)
		return;
	fputs("\r\x1b[K", screen->out);
	fflush(screen->out);
	screen->has_progress = false;
}

static int width_of(const struct screen *screen, FILE *stream)
{
	struct winsize size;
	if (screen->width)
		return screen->width;
	if (ioctl(fileno(stream), TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
		return size.ws_col;
	return USUAL_WIDTH;
}

int screen_width(const struct screen *screen)
{
	return width_of(screen, screen->out);
}

static size_t columns_of(const char *text)
{
	size_t columns = 0;
	for (; *text; text++)
		columns += (*text & 0xC0) != 0x80;
	return columns;
}

/* What is not on the first line is indented, so that no text can look like a line of ours. */
static void put_text(struct screen *screen, FILE *stream, const char *text, size_t column, size_t indent)
{
	_cleanup_strbuf_ struct strbuf safe = {0};
	_cleanup_strbuf_ struct strbuf lines = {0};
	bool wraps = stream == screen->out ? screen->terminal : screen->log_terminal;

	text_safe(&safe, text, strlen(text), true);
	text_wrap(&lines, strbuf_text(&safe), column, indent, wraps ? (size_t)width_of(screen, stream) : 0);
	fprintf(stream, "%s\n", strbuf_text(&lines));
	fflush(stream);
}

static void put_toned(const struct screen *screen, FILE *stream, enum tone tone, const char *text)
{
	bool coloured = screen->colour && stream == screen->out && tone != TONE_PLAIN;
	fprintf(stream, "%s%s%s", coloured ? TONES[tone].colour : "", text, coloured ? "\x1b[0m" : "");
}

void screen_line(struct screen *screen, FILE *stream, enum tone tone, const char *word, const char *format, ...)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	_cleanup_strbuf_ struct strbuf start = {0};
	size_t blanks = strspn(word, " ");
	bool glyph = screen->glyphs && stream == screen->out && *TONES[tone].glyph;
	va_list args;
	va_start(args, format);
	strbuf_vprintf(&text, format, args);
	va_end(args);

	screen_settle(screen);
	if (!*word)
		blanks = strspn(strbuf_text(&text), " ");
	strbuf_printf(&start, "%s%s%s", glyph ? TONES[tone].glyph : "", glyph ? " " : "", word + (*word ? blanks : 0));
	fprintf(stream, "%*s", *word ? (int)blanks : 0, "");
	put_toned(screen, stream, tone, strbuf_text(&start));
	put_text(screen, stream, strbuf_text(&text), (*word ? blanks : 0) + columns_of(strbuf_text(&start)),
	         blanks + HANG);
}

void screen_entry(struct screen *screen, enum tone tone, const char *mark, const char *name, const char *format, ...)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	FILE *out = screen->out;
	va_list args;
	va_start(args, format);
	strbuf_vprintf(&text, format, args);
	va_end(args);

	screen_settle(screen);
	if (!screen->terminal) {
		bool bare = !*mark && !*name;
		fprintf(out, "  %s%s%s%s ", mark, *mark && *name ? " " : "", bare ? " " : name, *name ? ":" : "");
		put_text(screen, out, strbuf_text(&text), 0, HANG);
		return;
	}
	const char *shown = screen->glyphs && *mark ? TONES[tone].glyph : mark;
	int room = screen->glyphs ? 1 : MARK_COLUMNS, used = (int)columns_of(shown);
	fputs("  ", out);
	put_toned(screen, out, tone, shown);
	fprintf(out, "%*s %s%*s ", room > used ? room - used : 0, "", name,
	        (int)columns_of(name) < NAME_COLUMNS ? NAME_COLUMNS - (int)columns_of(name) : 0, "");
	size_t indent = 2 + (size_t)room + 1 + NAME_COLUMNS + 1, longer = columns_of(name);
	put_text(screen, out, strbuf_text(&text), indent + (longer > NAME_COLUMNS ? longer - NAME_COLUMNS : 0), indent);
}

void screen_command(struct screen *screen, FILE *stream, const char *word, const char *command)
{
	_cleanup_strbuf_ struct strbuf safe = {0};

	screen_settle(screen);
	text_safe(&safe, command, strlen(command), false);
	put_toned(screen, stream, TONE_HEADING, word);
	fprintf(stream, "%s\n", strbuf_text(&safe));
	fflush(stream);
}

/* Bytes of the first `columns` characters. */
static size_t cut(const char *text, size_t length, int columns)
{
	size_t at = 0;
	uint32_t code;
	for (int column = 0; at < length && column < columns; column++)
		at += text_decode(text + at, length - at, &code);
	return at;
}

void screen_progress(struct screen *screen, const char *format, ...)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	_cleanup_strbuf_ struct strbuf safe = {0};
	va_list args;
	if (!screen->terminal)
		return;
	va_start(args, format);
	strbuf_vprintf(&text, format, args);
	va_end(args);
	text_safe(&safe, strbuf_text(&text), text.length, false);
	size_t length = cut(strbuf_text(&safe), safe.length, width_of(screen, screen->out) - ECHO_COLUMNS);
	fprintf(screen->out, "\r%.*s\x1b[K", (int)length, strbuf_text(&safe));
	fflush(screen->out);
	screen->has_progress = true;
}
