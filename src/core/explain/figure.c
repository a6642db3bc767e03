#include "core/explain/figure.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

/* Beyond these a plan says nonsense, and conversions to integers are not defined. */
static double tame(double value)
{
	if (!(value > 0))
		return 0;
	return value < 1e18 ? value : 1e18;
}

static const char *grouped(struct arena *arena, double value)
{
	char digits[32], *text = arena_alloc(arena, sizeof(digits) * 2);
	size_t length = (size_t)snprintf(digits, sizeof(digits), "%.0f", value), out = 0;

	for (size_t i = 0; i < length; i++) {
		if (i && (length - i) % 3 == 0)
			text[out++] = ',';
		text[out++] = digits[i];
	}
	return text;
}

/* As far as two digits show. */
static bool is_whole(double value)
{
	double rest = value - (double)(int64_t)value;
	return rest < 0.005 || rest > 0.995;
}

const char *figure_count(struct arena *arena, double value)
{
	value = tame(value);
	if (value >= 9.95 || is_whole(value))
		return grouped(arena, value);
	return arena_printf(arena, value < 1 ? "%.2f" : "%.1f", value);
}

/* The plural's s stands behind the first word: "2 pages of temporary files". */
const char *figure_of(struct arena *arena, double value, const char *noun)
{
	const char *count = figure_count(arena, value);
	int first = (int)strcspn(noun, " ");
	return arena_printf(arena, "%s %.*s%s%s", count, first, noun, strcmp(count, "1") == 0 ? "" : "s", noun + first);
}

const char *figure_ms(struct arena *arena, double ms)
{
	ms = tame(ms);
	if (ms >= 59995)
		return text_duration(arena, (int64_t)(ms + 500));
	if (ms >= 999.5)
		return arena_printf(arena, ms < 9995 ? "%.2f s" : "%.1f s", ms / 1000);
	return arena_printf(arena, ms >= 99.95 ? "%.0f ms" : ms >= 0.995 ? "%.1f ms" : "%.2f ms", ms);
}

const char *figure_share(struct arena *arena, double share)
{
	double percent = 100 * tame(share);
	if (percent > 99 && percent < 100)
		return "99%";
	if (percent > 0 && percent < 1)
		return "under 1%";
	return arena_printf(arena, "%.0f%%", percent);
}

const char *figure_times(struct arena *arena, double factor)
{
	return arena_printf(arena, "%s times", figure_count(arena, factor));
}

const char *figure_bytes(struct arena *arena, double bytes)
{
	return text_bytes(arena, (int64_t)tame(bytes));
}

const char *figure_page_bytes(struct arena *arena, double pages)
{
	return figure_bytes(arena, pages * 8192);
}
