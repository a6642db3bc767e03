#include "console/terminal/signs.h"

#include <inttypes.h>
#include <string.h>

struct sign sign_of_gate(enum gate_state state)
{
	static const struct sign SIGNS[] = {
		[GATE_WAITING] = {GLYPH_WAITING, STYLE_DIM, "waiting"},
		[GATE_RUNNING] = {GLYPH_RUNNING, STYLE_BUSY, "running"},
		[GATE_PASSED] = {GLYPH_PASSED, STYLE_GOOD, "passed"},
		[GATE_FAILED] = {GLYPH_FAILED, STYLE_BAD, "FAILED"},
		[GATE_STALE] = {GLYPH_STALE, STYLE_CAUTION, "stale"},
		[GATE_WAIVED] = {GLYPH_WAIVED, STYLE_BAD, "WAIVED"},
	};
	return SIGNS[state];
}

struct sign sign_of_migration(const char *state)
{
	static const struct sign SIGNS[] = {
		{GLYPH_APPLIED, STYLE_GOOD, "applied"},
		{GLYPH_PENDING, STYLE_TEXT, "pending"},
		{GLYPH_HELD, STYLE_CAUTION, "held"},
		{GLYPH_ATTENTION, STYLE_BAD, "partial"},
		{GLYPH_ATTENTION, STYLE_BAD, "edited"},
		{GLYPH_ATTENTION, STYLE_BAD, "missing"},
		{GLYPH_ATTENTION, STYLE_BAD, "out-of-order"},
	};
	for (size_t i = 0; i < sizeof(SIGNS) / sizeof(SIGNS[0]); i++)
		if (strcmp(SIGNS[i].word, state) == 0)
			return SIGNS[i];
	return (struct sign){GLYPH_ATTENTION, STYLE_BAD, "unknown"};
}

struct sign sign_of_work(enum work_state state)
{
	static const struct sign SIGNS[] = {
		[WORK_WAITING] = {GLYPH_WAITING, STYLE_DIM, "waiting"},
		[WORK_RUNNING] = {GLYPH_RUNNING, STYLE_BUSY, "running"},
		[WORK_DONE] = {GLYPH_PASSED, STYLE_GOOD, "done"},
		[WORK_FAILED] = {GLYPH_FAILED, STYLE_BAD, "FAILED"},
	};
	return SIGNS[state];
}

struct sign sign_of_check(const struct model_check *check)
{
	if (check->waived)
		return (struct sign){GLYPH_WAIVED, STYLE_BAD, "WAIVED"};
	if (check->ok)
		return (struct sign){GLYPH_PASSED, STYLE_GOOD, "ok"};
	if (check->warning)
		return (struct sign){GLYPH_ATTENTION, STYLE_CAUTION, "warning"};
	return (struct sign){GLYPH_FAILED, STYLE_BAD, "FAILED"};
}

int sign_put(const struct area *area, int row, int column, struct sign sign)
{
	column = area_put_glyph(area, row, column, sign.style, sign.glyph);
	return area_print(area, row, column, sign.style, " %s", sign.word);
}

void absence_put(const struct area *area, int row, const struct model *model)
{
	struct area body = area_part(area, 0, 2, -1, area->columns - 4);

	if (!model->error) {
		area_put(&body, row, 0, STYLE_DIM, model->ended ? "No plan was read." : "No plan has been read yet.");
		return;
	}
	row = area_put_wrapped(&body, row, 0, STYLE_BAD, model->error);
	if (model->error_hint)
		area_put_wrapped(&body, row + 1, 0, STYLE_CAUTION, model->error_hint);
}

const char *short_duration(struct arena *arena, int64_t duration_ms)
{
	if (duration_ms < 0)
		return "";
	if (duration_ms < 1000)
		return arena_printf(arena, "%" PRId64 " ms", duration_ms);
	if (duration_ms < 10 * 1000)
		return arena_printf(arena, "%.1f s", (double)duration_ms / 1000);
	if (duration_ms < 100 * 1000)
		return arena_printf(arena, "%" PRId64 " s", duration_ms / 1000);
	if (duration_ms < 100 * 60 * 1000)
		return arena_printf(arena, "%" PRId64 " min", duration_ms / 60000);
	if (duration_ms < 100 * 3600 * 1000LL)
		return arena_printf(arena, "%" PRId64 " h", duration_ms / 3600000);
	return arena_printf(arena, "%" PRId64 " d", duration_ms / 86400000);
}

/* In whole seconds: what is read at a glance must not flicker. */
static const char *whole_duration(struct arena *arena, int64_t duration_ms)
{
	if (duration_ms < 10 * 1000)
		return arena_printf(arena, "%" PRId64 " s", duration_ms / 1000);
	return short_duration(arena, duration_ms);
}

const char *age_text(struct arena *arena, int64_t then_ms, int64_t now_ms)
{
	if (then_ms <= 0)
		return "";
	if (now_ms - then_ms < 1000)
		return "now";
	return arena_printf(arena, "%s ago", whole_duration(arena, now_ms - then_ms));
}

const char *validity_text(struct arena *arena, int64_t until_ms, int64_t now_ms)
{
	if (until_ms <= 0)
		return "";
	if (until_ms <= now_ms)
		return "expired";
	return arena_printf(arena, "for %s", whole_duration(arena, until_ms - now_ms + 999));
}

const char *clock_text(struct arena *arena, int64_t duration_ms)
{
	int64_t seconds = duration_ms > 0 ? duration_ms / 1000 : 0;
	return arena_printf(arena, "%02" PRId64 ":%02" PRId64 ":%02" PRId64, seconds / 3600, seconds / 60 % 60,
	                    seconds % 60);
}
