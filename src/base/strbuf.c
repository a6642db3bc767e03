#include "base/strbuf.h"

#include <stdio.h>
#include <string.h>

#include "base/memory.h"

static void reserve(struct strbuf *buffer, size_t more)
{
	size_t needed = buffer->length + more + 1;
	if (needed <= buffer->room)
		return;
	size_t room = buffer->room ? buffer->room : 64;
	while (room < needed)
		room *= 2;
	buffer->data = memory_resize(buffer->data, room);
	buffer->room = room;
}

void strbuf_clear(struct strbuf *buffer)
{
	memory_free(buffer->data);
	*buffer = (struct strbuf){0};
}

void strbuf_reset(struct strbuf *buffer)
{
	buffer->length = 0;
	if (buffer->data)
		buffer->data[0] = '\0';
}

void strbuf_reserve(struct strbuf *buffer, size_t more)
{
	size_t needed = buffer->length + more + 1;
	if (needed <= buffer->room)
		return;
	buffer->data = memory_resize(buffer->data, needed);
	buffer->data[buffer->length] = '\0'; /* it is a text, also when nothing is added */
	buffer->room = needed;
}

void strbuf_add(struct strbuf *buffer, const void *bytes, size_t length)
{
	reserve(buffer, length);
	if (length)
		memcpy(buffer->data + buffer->length, bytes, length);
	buffer->length += length;
	buffer->data[buffer->length] = '\0';
}

void strbuf_puts(struct strbuf *buffer, const char *text)
{
	strbuf_add(buffer, text, strlen(text));
}

void strbuf_putc(struct strbuf *buffer, char byte)
{
	strbuf_add(buffer, &byte, 1);
}

void strbuf_vprintf(struct strbuf *buffer, const char *format, va_list args)
{
	va_list again;
	va_copy(again, args);
	int length = vsnprintf(NULL, 0, format, args);
	reserve(buffer, (size_t)length);
	vsnprintf(buffer->data + buffer->length, (size_t)length + 1, format, again);
	va_end(again);
	buffer->length += (size_t)length;
}

void strbuf_printf(struct strbuf *buffer, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	strbuf_vprintf(buffer, format, args);
	va_end(args);
}

const char *strbuf_text(const struct strbuf *buffer)
{
	return buffer->data ? buffer->data : "";
}
