#include "base/text.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct range {
	uint32_t first, last;
};

/* Characters that reorder, hide or join text: Unicode's Cf, line and paragraph separators, variation selectors. */
static const struct range INVISIBLE[] = {
	{0x00AD, 0x00AD}, {0x0600, 0x0605}, {0x061C, 0x061C}, {0x06DD, 0x06DD}, {0x070F, 0x070F},
	{0x115F, 0x1160}, {0x17B4, 0x17B5}, {0x180B, 0x180F}, {0x200B, 0x200F}, {0x2028, 0x202E},
	{0x2060, 0x206F}, {0x3164, 0x3164}, {0xFE00, 0xFE0F}, {0xFEFF, 0xFEFF}, {0xFFA0, 0xFFA0},
	{0xFFF9, 0xFFFB}, {0x1D173, 0x1D17A}, {0xE0000, 0xE0FFF},
};

static bool is_invisible(uint32_t code)
{
	for (size_t i = 0; i < sizeof(INVISIBLE) / sizeof(INVISIBLE[0]); i++)
		if (code >= INVISIBLE[i].first && code <= INVISIBLE[i].last)
			return true;
	return false;
}

bool text_is_hidden(uint32_t code)
{
	return (code >= 0x7F && code < 0xA0) || is_invisible(code);
}

static size_t sequence_length(unsigned char lead)
{
	if (lead < 0x80)
		return 1;
	if (lead >= 0xC2 && lead < 0xE0)
		return 2;
	if (lead >= 0xE0 && lead < 0xF0)
		return 3;
	return lead >= 0xF0 && lead < 0xF5 ? 4 : 0;
}

size_t text_decode(const char *text, size_t length, uint32_t *ret_code)
{
	static const unsigned char LEAD_BITS[] = {0, 0x7F, 0x1F, 0x0F, 0x07};
	static const uint32_t SMALLEST[] = {0, 0, 0x80, 0x800, 0x10000};
	const unsigned char *bytes = (const unsigned char *)text;
	size_t size = length ? sequence_length(bytes[0]) : 0;

	if (size == 0 || size > length)
		return 0;
	uint32_t code = bytes[0] & LEAD_BITS[size];
	for (size_t i = 1; i < size; i++) {
		if ((bytes[i] & 0xC0) != 0x80)
			return 0;
		code = code << 6 | (bytes[i] & 0x3FU);
	}
	if (code < SMALLEST[size] || code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF))
		return 0;
	*ret_code = code;
	return size;
}

size_t text_valid_prefix(const char *text, size_t length)
{
	size_t at = 0;
	uint32_t code;
	for (size_t size; at < length && (size = text_decode(text + at, length - at, &code)) > 0;)
		at += size;
	return at;
}

static void put_code(struct strbuf *out, const char *bytes, size_t size, uint32_t code, bool keep_lines)
{
	if (keep_lines && (code == '\n' || code == '\t'))
		strbuf_putc(out, (char)code);
	else if (code < 0x20)
		strbuf_add(out, (char[]){(char)0xE2, (char)0x90, (char)(0x80 + code)}, 3);
	else if (code == 0x7F)
		strbuf_puts(out, "\xE2\x90\xA1");
	else if (text_is_hidden(code))
		strbuf_printf(out, "<U+%04" PRIX32 ">", code);
	else
		strbuf_add(out, bytes, size);
}

void text_safe(struct strbuf *out, const char *text, size_t length, bool keep_lines)
{
	for (size_t at = 0; at < length;) {
		uint32_t code;
		size_t size = text_decode(text + at, length - at, &code);
		if (size)
			put_code(out, text + at, size, code, keep_lines);
		else
			strbuf_puts(out, "\xEF\xBF\xBD");
		at += size ? size : 1;
	}
}

const char *safe_text(struct arena *arena, const char *text)
{
	if (!text)
		return NULL;
	_cleanup_strbuf_ struct strbuf out = {0};
	text_safe(&out, text, strlen(text), true);
	return arena_strndup(arena, strbuf_text(&out), out.length);
}

static size_t columns_of(const char *text, size_t length)
{
	size_t columns = 0;
	for (size_t i = 0; i < length; i++)
		columns += (text[i] & 0xC0) != 0x80;
	return columns;
}

static void break_line(struct strbuf *out, size_t indent, size_t *ret_column)
{
	strbuf_printf(out, "\n%*s", (int)indent, "");
	*ret_column = indent;
}

void text_wrap(struct strbuf *out, const char *text, size_t column, size_t indent, size_t width)
{
	for (const char *at = text; *at;) {
		size_t blanks = strspn(at, " "), word = strcspn(at + blanks, " \n");
		size_t columns = columns_of(at + blanks, word);

		if (word && width && column > indent && column + blanks + columns > width) {
			break_line(out, indent, &column);
			blanks = 0;
			at += strspn(at, " ");
		}
		strbuf_add(out, at, blanks + word);
		column += blanks + columns;
		at += blanks + word;
		if (*at == '\n') {
			break_line(out, indent, &column);
			at++;
		}
	}
}

const char *text_bytes(struct arena *arena, int64_t size_bytes)
{
	static const char *const UNITS[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
	double value = (double)size_bytes;
	size_t unit = 0;
	for (; value >= 1024 && unit + 1 < sizeof(UNITS) / sizeof(UNITS[0]); unit++)
		value /= 1024;
	return arena_printf(arena, unit && value < 10 ? "%.1f %s" : "%.0f %s", value, UNITS[unit]);
}

const char *text_duration(struct arena *arena, int64_t duration_ms)
{
	int64_t seconds = duration_ms / 1000;
	if (duration_ms < 1000)
		return arena_printf(arena, "%" PRId64 " ms", duration_ms);
	if (seconds < 60)
		return arena_printf(arena, "%.1f s", (double)duration_ms / 1000);
	if (seconds < 3600)
		return arena_printf(arena, "%" PRId64 " min %" PRId64 " s", seconds / 60, seconds % 60);
	if (seconds < 48 * 3600)
		return arena_printf(arena, "%" PRId64 " h %" PRId64 " min", seconds / 3600, seconds / 60 % 60);
	return arena_printf(arena, "%" PRId64 " d %" PRId64 " h", seconds / 86400, seconds / 3600 % 24);
}

const char *text_latency(struct arena *arena, int64_t latency_us)
{
	double ms = (double)latency_us / 1000;
	if (latency_us < 1000)
		return arena_printf(arena, "%" PRId64 " us", latency_us);
	if (latency_us < 1000000)
		return arena_printf(arena, "%.*f ms", ms < 10 ? 2 : ms < 100 ? 1 : 0, ms);
	return arena_printf(arena, "%.2f s", ms / 1000);
}

bool text_read_duration(const char *text, int64_t *ret_ms)
{
	static const struct {
		const char *unit;
		int64_t ms;
	} UNITS[] = {{"", 1}, {"ms", 1}, {"s", 1000}, {"min", 60000}, {"h", 3600000}, {"d", 86400000}};
	int64_t value = 0;

	if (!isdigit((unsigned char)*text))
		return false;
	for (; isdigit((unsigned char)*text); text++) {
		if (value > INT64_MAX / 86400000 / 16)
			return false;
		value = value * 10 + (*text - '0');
	}
	while (*text == ' ')
		text++;
	for (size_t i = 0; i < sizeof(UNITS) / sizeof(UNITS[0]); i++) {
		if (strcmp(text, UNITS[i].unit) == 0) {
			*ret_ms = value * UNITS[i].ms;
			return true;
		}
	}
	return false;
}

static size_t smallest(size_t a, size_t b, size_t c)
{
	size_t least = a < b ? a : b;
	return least < c ? least : c;
}

enum { LONGEST_WORD = 64 };

static size_t edit_distance(const char *a, const char *b)
{
	size_t row[LONGEST_WORD + 1], width = strlen(b);
	for (size_t j = 0; j <= width; j++)
		row[j] = j;
	for (size_t i = 1; a[i - 1]; i++) {
		size_t diagonal = row[0];
		row[0] = i;
		for (size_t j = 1; j <= width; j++) {
			size_t above = row[j];
			row[j] = smallest(above + 1, row[j - 1] + 1, diagonal + (a[i - 1] != b[j - 1]));
			diagonal = above;
		}
	}
	return row[width];
}

const char *text_nearest(const char *word, const char *const *candidates, size_t count)
{
	const char *nearest = NULL;
	size_t best = strlen(word) / 3 + 1;
	for (size_t i = 0; i < count; i++) {
		if (strlen(candidates[i]) > LONGEST_WORD)
			continue;
		size_t distance = edit_distance(word, candidates[i]);
		if (distance <= best) {
			best = distance - (distance > 0);
			nearest = candidates[i];
		}
		if (distance == 0)
			break;
	}
	return nearest;
}
