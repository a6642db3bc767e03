/* What views ask of the console, kept to be looked at. */
#include "fake_console.h"

#include <stdarg.h>
#include <stdio.h>

char fake_asked[256];

void console_ask(struct console *console, const char *request, const struct json *fields)
{
	_cleanup_strbuf_ struct strbuf text = {0};

	(void)console;
	if (fields)
		json_write(&text, fields);
	snprintf(fake_asked, sizeof(fake_asked), "ask %s %s", request, strbuf_text(&text));
}

void console_open_view(struct console *console, const char *view)
{
	(void)console;
	snprintf(fake_asked, sizeof(fake_asked), "view %s", view);
}

void console_say(struct console *console, enum style style, const char *format, ...)
{
	va_list args;

	(void)console;
	(void)style;
	va_start(args, format);
	vsnprintf(fake_asked, sizeof(fake_asked), format, args);
	va_end(args);
}

void console_open_manual(struct console *console, const char *page, const char *section)
{
	(void)console;
	snprintf(fake_asked, sizeof(fake_asked), "manual %s %s", page, section);
}

void console_signal(struct console *console, const char *action, const struct json *session)
{
	(void)console;
	snprintf(fake_asked, sizeof(fake_asked), "signal %s %s", action, json_get_text(session, "application"));
}

void console_approve(struct console *console)
{
	(void)console;
	snprintf(fake_asked, sizeof(fake_asked), "approve");
}
