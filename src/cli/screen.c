#include "cli/screen.h"

#include <langinfo.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/strbuf.h"
#include "base/text.h"

enum { USUAL_WIDTH = 80 };

static const char *const TONES[] = {
	[TONE_PLAIN] = "", [TONE_GOOD] = "\x1b[32m", [TONE_BAD] = "\x1b[31m", [TONE_CAUTION] = "\x1b[33m"};

static const char *const GLYPHS[] = {
	[TONE_PLAIN] = "", [TONE_GOOD] = "\xE2\x9C\x94 ", [TONE_BAD] = "\xE2\x9C\x98 ", [TONE_CAUTION] = "\xE2\x97\x8B "};

struct screen screen_standard(void)
{
	const char *term = getenv("TERM"), *no_color = getenv("NO_COLOR");
	struct screen screen = {.out = stdout, .log = stderr};
	screen.terminal = isatty(STDOUT_FILENO) && term && strcmp(term, "dumb") != 0;
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

/* Lines after the first are indented, so that no text can look like a line of ours. */
static void put_safe(FILE *stream, const char *text)
{
	_cleanup_strbuf_ struct strbuf safe = {0};
	text_safe(&safe, text, strlen(text), true);
	for (const char *at = strbuf_text(&safe); *at; at++) {
		fputc(*at, stream);
		if (*at == '\n')
			fputs("    ", stream);
	}
}

void screen_line(struct screen *screen, FILE *stream, enum tone tone, const char *word, const char *format, ...)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	va_list args;
	va_start(args, format);
	strbuf_vprintf(&text, format, args);
	va_end(args);

	screen_settle(screen);
	if (screen->glyphs && stream == screen->out)
		fputs(GLYPHS[tone], stream);
	bool coloured = screen->colour && stream == screen->out && tone != TONE_PLAIN;
	fprintf(stream, "%s%s%s", coloured ? TONES[tone] : "", word, coloured ? "\x1b[0m" : "");
	put_safe(stream, strbuf_text(&text));
	fputc('\n', stream);
	fflush(stream);
}

static int width_of(const struct screen *screen)
{
	struct winsize size;
	if (screen->width)
		return screen->width;
	if (ioctl(fileno(screen->out), TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
		return size.ws_col;
	return USUAL_WIDTH;
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
	size_t length = cut(strbuf_text(&safe), safe.length, width_of(screen) - 1);
	fprintf(screen->out, "\r%.*s\x1b[K", (int)length, strbuf_text(&safe));
	fflush(screen->out);
	screen->has_progress = true;
}
