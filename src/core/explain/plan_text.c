#include "core/explain/plan_text.h"

#include <math.h>

enum { KILO = 1000 };

static const char *three_digits(struct arena *arena, double value, const char *unit)
{
	int digits = value < 9.995 ? 2 : value < 99.95 ? 1 : 0;
	return arena_printf(arena, "%.*f%s", digits, value, unit);
}

/* The digits with a comma after each thousand. */
static const char *grouped(struct arena *arena, long number)
{
	if (number < KILO)
		return arena_printf(arena, "%ld", number);
	return arena_printf(arena, "%s,%03ld", grouped(arena, number / KILO), number % KILO);
}

const char *plan_text_count(struct arena *arena, double count)
{
	if (!(count > 0))
		return "0";
	if (count < 9.95 && fabs(count - round(count)) >= 0.05)
		return arena_printf(arena, "%.1f", count);
	if (count < 0.95)
		return "<0.1";
	if (count < 999999.5)
		return grouped(arena, lround(count));
	if (count < 999.5e6)
		return three_digits(arena, count / 1e6, "M");
	if (count < 999.5e9)
		return three_digits(arena, count / 1e9, "G");
	return arena_printf(arena, "%.2e", count);
}

const char *plan_text_share(struct arena *arena, double share)
{
	if (!(share > 0))
		return ".";
	if (share < 0.005)
		return "<1";
	return arena_printf(arena, "%.0f", share < 1 ? share * 100 : 100.0);
}

const char *plan_text_factor(struct arena *arena, double factor)
{
	double times = factor >= 1 ? factor : factor > 0 ? 1 / factor : 0;
	const char *way = factor >= 1 ? "under" : "over";

	if (!(times >= 2))
		return "";
	if (times < 9.95)
		return arena_printf(arena, "%.1f %s", times, way);
	if (times < 999.5)
		return arena_printf(arena, "%.0f %s", times, way);
	if (times < 999500)
		return arena_printf(arena, "%.0fk %s", times / 1e3, way);
	if (times < 999.5e6)
		return arena_printf(arena, "%.0fM %s", times / 1e6, way);
	return arena_printf(arena, ">1G %s", way);
}
