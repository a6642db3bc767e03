#include "engine/watch/guard_forecast.h"

#include <string.h>

#include "base/text.h"
#include "engine/rehearse/blocking.h"
#include "engine/watch/guard_sight.h"

enum { SHOWN = 5 };

const char GUARD_FORECAST_HINT[] =
	"The guard pulls the step back as soon as somebody waits that long: let it run when the tables are idle, write it "
	"in batches, or allow it more with `-- pgsluice:guard-wait DURATION` in its file.";

/* Whom a lock holds up: the lightest first. */
enum held_up { HELD_SAME_ROWS, HELD_WRITERS, HELD_ALL, HELD_COUNT };

struct hold {
	const char *relation;
	enum held_up whom;
	int64_t ms;
};

struct forecast {
	struct arena *arena;
	const struct text_index *live;
	int64_t limit_ms;
	LIST(struct hold) holds; /* of one migration */
};

static bool changes_rows(const struct step_trace *step, const char *relation)
{
	for (size_t i = 0; i < step->changes.count; i++) {
		const struct change_count *change = &step->changes.items[i];
		if (strcmp(change->table, relation) == 0 && (change->updated > 0 || change->deleted > 0))
			return true;
	}
	return false;
}

static bool holds_up(const struct step_trace *step, const struct relation_lock *lock, enum held_up *ret_whom)
{
	if (lock->mode == LOCK_ROW_EXCLUSIVE && !changes_rows(step, lock->relation))
		return false;
	*ret_whom = lock->mode == LOCK_ACCESS_EXCLUSIVE          ? HELD_ALL
	            : lock->mode > LOCK_SHARE_UPDATE_EXCLUSIVE   ? HELD_WRITERS
	                                                         : HELD_SAME_ROWS;
	return lock->mode == LOCK_ROW_EXCLUSIVE || lock->mode > LOCK_SHARE_UPDATE_EXCLUSIVE;
}

static void note(struct forecast *forecast, const char *relation, enum held_up whom, int64_t ms)
{
	for (size_t i = 0; i < forecast->holds.count; i++) {
		struct hold *hold = &forecast->holds.items[i];
		if (hold->whom != whom || strcmp(hold->relation, relation) != 0)
			continue;
		hold->ms = ms > hold->ms ? ms : hold->ms;
		return;
	}
	const struct hold hold = {.relation = relation, .whom = whom, .ms = ms};
	list_push(forecast->arena, &forecast->holds, hold);
}

/* A lock is held from its statement to the end of the step. */
static void take_step(struct forecast *forecast, const struct step_trace *step)
{
	int64_t left_ms = 0;

	for (size_t t = step->statements.count; t-- > 0;) {
		const struct statement_trace *statement = &step->statements.items[t];
		const struct relation_lock_list *locks = &statement_effects_get(statement)->locks;
		left_ms += statement->duration_ms;
		for (size_t l = 0; left_ms >= forecast->limit_ms && l < locks->count; l++) {
			enum held_up whom;
			if (holds_up(step, &locks->items[l], &whom) &&
			    blocking_is_live(forecast->live, locks->items[l].relation))
				note(forecast, locks->items[l].relation, whom, left_ms);
		}
	}
}

static void add_line(const struct forecast *forecast, const char *version, enum held_up whom, struct text_list *lines)
{
	static const char *const WHO[HELD_COUNT] = {
		[HELD_SAME_ROWS] = "who writes the same rows of",
		[HELD_WRITERS] = "who writes",
		[HELD_ALL] = "who reads or writes",
	};
	_cleanup_strbuf_ struct strbuf relations = {0};
	size_t count = 0;
	int64_t longest_ms = 0;

	for (size_t i = 0; i < forecast->holds.count; i++) {
		const struct hold *hold = &forecast->holds.items[i];
		if (hold->whom != whom)
			continue;
		if (count++ < SHOWN)
			strbuf_printf(&relations, "%s%s", count > 1 ? ", " : "", hold->relation);
		longest_ms = hold->ms > longest_ms ? hold->ms : longest_ms;
	}
	if (count == 0)
		return;
	if (count > SHOWN)
		strbuf_printf(&relations, " and %zu more", count - SHOWN);
	list_push(forecast->arena, lines,
	          arena_printf(forecast->arena, "%s: %s %s may wait %s; guard-wait is %s", version, WHO[whom],
	                       strbuf_text(&relations), text_duration(forecast->arena, longest_ms),
	                       text_duration(forecast->arena, forecast->limit_ms)));
}

void guard_forecast(struct arena *arena, const struct settings *settings, const struct plan *plan,
                    const struct trace *trace, const struct schema *live, struct text_list *ret_lines)
{
	const struct text_index *names = blocking_live_names(arena, live);

	for (size_t m = 0; settings->guard && m < plan->pending.count; m++) {
		const struct migration *migration = plan->pending.items[m];
		const struct migration_trace *traced = trace_find(trace, migration->version);
		struct forecast forecast = {
			.arena = arena, .live = names, .limit_ms = guard_wait_of(settings, migration)};
		if (!traced || forecast.limit_ms == 0)
			continue;
		for (size_t s = 0; s < traced->steps.count; s++)
			take_step(&forecast, &traced->steps.items[s]);
		for (enum held_up whom = HELD_COUNT; whom-- > 0;)
			add_line(&forecast, migration->version, whom, ret_lines);
	}
}
