#include "base/json.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"

enum { PIECE_BYTES = 32 * 1024 };

struct writer {
	struct strbuf *out;
	enum json_form form;
	size_t depth;
	json_put *put; /* NULL = everything stays in `out` */
	void *context;
	struct strbuf safe; /* for one text */
};

static void flush(struct writer *writer, size_t limit)
{
	if (!writer->put || writer->out->length < limit || writer->out->length == 0)
		return;
	writer->put(writer->context, strbuf_text(writer->out), writer->out->length);
	strbuf_reset(writer->out);
}

/* ---- texts ---- */

static void put_code(struct strbuf *out, uint32_t code)
{
	if (code > 0xFFFF) {
		strbuf_printf(out, "\\u%04X", (unsigned)(0xD800 + ((code - 0x10000) >> 10)));
		code = 0xDC00 + ((code - 0x10000) & 0x3FF);
	}
	strbuf_printf(out, "\\u%04X", (unsigned)code);
}

static void put_escape(struct strbuf *out, uint32_t code)
{
	static const struct {
		char byte, letter;
	} SHORT[] = {{'"', '"'}, {'\\', '\\'}, {'\b', 'b'}, {'\f', 'f'}, {'\n', 'n'}, {'\r', 'r'}, {'\t', 't'}};

	for (size_t i = 0; i < sizeof(SHORT) / sizeof(SHORT[0]); i++)
		if ((uint32_t)SHORT[i].byte == code) {
			strbuf_putc(out, '\\');
			strbuf_putc(out, SHORT[i].letter);
			return;
		}
	put_code(out, code);
}

/* Bytes of the character at `at`; *ret_code is set where it must be an escape. */
static size_t look_at(const struct writer *writer, const char *text, size_t left, bool *ret_escape, uint32_t *ret_code)
{
	unsigned char byte = (unsigned char)*text;
	size_t size = 1;

	*ret_code = byte;
	*ret_escape = byte < 0x20 || byte == '"' || byte == '\\';
	if (byte < 0x7F || writer->form == JSON_CANONICAL)
		return 1;
	size = text_decode(text, left, ret_code);
	*ret_escape = size > 0 && text_is_hidden(*ret_code);
	return size ? size : 1;
}

static void put_text(struct writer *writer, const char *text, bool name)
{
	struct strbuf *out = writer->out;
	size_t length = strlen(text), done = 0, size;

	if (writer->form == JSON_SAFE && !name) {
		strbuf_reset(&writer->safe);
		text_safe(&writer->safe, text, length, true);
		text = strbuf_text(&writer->safe);
		length = writer->safe.length;
	}
	strbuf_putc(out, '"');
	for (size_t at = 0; at < length; at += size) {
		bool escape;
		uint32_t code;
		size = look_at(writer, text + at, length - at, &escape, &code);
		if (!escape)
			continue;
		strbuf_add(out, text + done, at - done);
		put_escape(out, code);
		done = at + size;
	}
	strbuf_add(out, text + done, length - done);
	strbuf_putc(out, '"');
}

/* ---- containers ---- */

static void put_value(struct writer *writer, const struct json *value);

static void put_break(struct writer *writer)
{
	if (writer->form != JSON_PRETTY)
		return;
	strbuf_putc(writer->out, '\n');
	for (size_t i = 0; i < writer->depth; i++)
		strbuf_puts(writer->out, "  ");
}

struct members {
	struct writer *writer;
	size_t count;
};

static bool put_member(const char *key, const struct json *value, void *context)
{
	struct members *members = context;
	struct writer *writer = members->writer;

	if (writer->form == JSON_SAFE && json_kind(value) == JSON_KIND_NULL)
		return true;
	if (members->count++)
		strbuf_putc(writer->out, ',');
	put_break(writer);
	put_text(writer, key, true);
	strbuf_puts(writer->out, writer->form == JSON_PRETTY ? ": " : ":");
	put_value(writer, value);
	return true;
}

/* ---- sorted members ---- */

struct named {
	const char *key;
	const struct json *value;
};

struct named_list {
	struct named *items; /* NULL while they are counted */
	size_t count;
};

static bool take_member(const char *key, const struct json *value, void *context)
{
	struct named_list *list = context;
	if (list->items)
		list->items[list->count] = (struct named){.key = key, .value = value};
	list->count++;
	return true;
}

static int by_key(const void *a, const void *b)
{
	return strcmp(((const struct named *)a)->key, ((const struct named *)b)->key);
}

static void put_sorted(struct members *members, const struct json *object)
{
	struct named few[16];
	struct named_list list = {0};

	json_each(object, take_member, &list);
	list.items = list.count <= sizeof(few) / sizeof(few[0]) ? few : memory_new(list.count * sizeof(*list.items));
	list.count = 0;
	json_each(object, take_member, &list);
	qsort(list.items, list.count, sizeof(*list.items), by_key);
	for (size_t i = 0; i < list.count; i++)
		put_member(list.items[i].key, list.items[i].value, members);
	if (list.items != few)
		memory_free(list.items);
}

static void put_object(struct writer *writer, const struct json *object)
{
	struct members members = {.writer = writer};

	strbuf_putc(writer->out, '{');
	writer->depth++;
	if (writer->form == JSON_CANONICAL)
		put_sorted(&members, object);
	else
		json_each(object, put_member, &members);
	writer->depth--;
	if (members.count)
		put_break(writer);
	strbuf_putc(writer->out, '}');
}

static void put_array(struct writer *writer, const struct json *array)
{
	strbuf_putc(writer->out, '[');
	writer->depth++;
	for (size_t i = 0; i < json_count(array); i++) {
		if (i)
			strbuf_putc(writer->out, ',');
		put_break(writer);
		put_value(writer, json_at(array, i));
	}
	writer->depth--;
	if (json_count(array))
		put_break(writer);
	strbuf_putc(writer->out, ']');
}

static void put_value(struct writer *writer, const struct json *value)
{
	switch (json_kind(value)) {
	case JSON_KIND_OBJECT:
		put_object(writer, value);
		break;
	case JSON_KIND_ARRAY:
		put_array(writer, value);
		break;
	case JSON_KIND_TEXT:
		put_text(writer, json_text(value), false);
		break;
	case JSON_KIND_INT:
		strbuf_printf(writer->out, "%" PRId64, json_int(value));
		break;
	case JSON_KIND_REAL:
		strbuf_puts(writer->out, json_digits(value));
		break;
	case JSON_KIND_BOOL:
		strbuf_puts(writer->out, json_bool(value) ? "true" : "false");
		break;
	case JSON_KIND_NULL:
	default:
		strbuf_puts(writer->out, "null");
		break;
	}
	flush(writer, PIECE_BYTES);
}

static void write_form(struct strbuf *out, const struct json *value, enum json_form form)
{
	struct writer writer = {.out = out, .form = form};
	put_value(&writer, value);
	strbuf_clear(&writer.safe);
}

void json_write(struct strbuf *out, const struct json *value)
{
	write_form(out, value, JSON_LINE);
}

void json_write_canonical(struct strbuf *out, const struct json *value)
{
	write_form(out, value, JSON_CANONICAL);
}

void json_write_pretty(struct strbuf *out, const struct json *value)
{
	write_form(out, value, JSON_PRETTY);
}

void json_write_safe(struct strbuf *out, const struct json *value)
{
	write_form(out, value, JSON_SAFE);
}

void json_stream(const struct json *value, enum json_form form, json_put *put, void *context)
{
	_cleanup_strbuf_ struct strbuf out = {0};
	struct writer writer = {.out = &out, .form = form, .put = put, .context = context};
	put_value(&writer, value);
	flush(&writer, 0);
	strbuf_clear(&writer.safe);
}
