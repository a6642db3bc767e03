#include "base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "base/memory.h"
#include "base/strbuf.h"

static char *format_text(const char *format, va_list args) PRINTF_LIKE(1, 0);

static char *format_text(const char *format, va_list args)
{
	struct strbuf text = {0};
	strbuf_vprintf(&text, format, args);
	return text.data;
}

static void replace(char **slot, char *text)
{
	memory_free(*slot);
	*slot = text;
}

void error_clear(struct error *err)
{
	memory_free(err->message);
	memory_free(err->detail);
	memory_free(err->hint);
	memory_free(err->file);
	*err = (struct error){0};
}

enum status error_set(struct error *err, enum status status, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	char *message = format_text(format, args);
	va_end(args);
	error_clear(err);
	err->status = status;
	err->message = message;
	return status;
}

enum status error_message(struct error *err, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	replace(&err->message, format_text(format, args));
	va_end(args);
	return err->status;
}

enum status error_detail(struct error *err, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	char *text = format_text(format, args);
	va_end(args);
	/* What programs say ends with a line end, or some. */
	for (size_t length = text ? strlen(text) : 0; length > 0 && text[length - 1] == '\n'; length--)
		text[length - 1] = '\0';
	replace(&err->detail, text);
	return err->status;
}

enum status error_add_detail(struct error *err, const char *format, ...)
{
	struct strbuf text = {0};
	va_list args;
	if (err->detail)
		strbuf_printf(&text, "%s ", err->detail);
	va_start(args, format);
	strbuf_vprintf(&text, format, args);
	va_end(args);
	replace(&err->detail, text.data);
	return err->status;
}

enum status error_hint(struct error *err, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	replace(&err->hint, format_text(format, args));
	va_end(args);
	return err->status;
}

enum status error_where(struct error *err, const char *file, long line, long column)
{
	replace(&err->file, memory_strdup(file));
	err->line = line;
	err->column = column;
	return err->status;
}

enum status error_sqlstate(struct error *err, const char *sqlstate)
{
	strncpy(err->sqlstate, sqlstate ? sqlstate : "", sizeof(err->sqlstate) - 1);
	return err->status;
}

enum status error_wrap(struct error *err, const char *format, ...)
{
	struct strbuf text = {0};
	va_list args;
	va_start(args, format);
	strbuf_vprintf(&text, format, args);
	va_end(args);
	strbuf_printf(&text, ": %s", err->message ? err->message : "");
	replace(&err->message, text.data);
	return err->status;
}

enum status error_recast(struct error *err, enum status status)
{
	return err->status = status;
}

enum status error_errno(struct error *err, enum status status, const char *format, ...)
{
	int number = errno;
	struct strbuf text = {0};
	va_list args;
	va_start(args, format);
	strbuf_vprintf(&text, format, args);
	va_end(args);
	strbuf_printf(&text, ": %s", strerror(number));
	error_clear(err);
	err->status = status;
	err->message = text.data;
	return status;
}

const char *error_hint_text(const struct error *err)
{
	return err->hint ? err->hint : status_get(err->status)->hint;
}

void error_move(struct error *to, struct error *from)
{
	error_clear(to);
	*to = *from;
	*from = (struct error){0};
}
