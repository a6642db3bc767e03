#include "engine/queries/explain_history.h"

#include <string.h>

#include "base/stamp.h"
#include "cache/plan_cache.h"
#include "core/explain/compare/shape.h"
#include "core/explain/figure.h"
#include "engine/queries/plan_memory.h"
#include "pg/catalog.h"

enum { CHANGES_MOST = 5, DATE_LENGTH = 10, TIME_AT = 11, TIME_LENGTH = 5 };

static void remember(struct session *session, struct arena *arena, const struct asked_plan *asked,
                     const struct target *target, struct text_list *ret_history)
{
	_cleanup_error_ struct error ignored = {0};
	struct plan_shape shape = query_plan_shape(asked->plan);
	struct json *printed;

	if (json_parse(asked->text, strlen(asked->text), &printed, &ignored) != OK)
		return;
	struct plan_memory *memory = plan_memory_open(NULL);
	struct plan_taken taken = {
		.sql = asked->sql,
		.printed = printed,
		.plan = asked->plan,
		.shape = shape.hex,
		.on = asked->on,
		.phase = "asked",
		.system_identifier = target->system_identifier,
		.database = target->database,
		.run_id = asked->run_id,
	};
	plan_memory_add(memory, session, &taken);
	const struct text_list *notices = plan_memory_notices(memory);
	for (size_t i = 0; i < notices->count; i++)
		list_push(arena, ret_history, arena_strdup(arena, notices->items[i]));
	plan_memory_close(memory);
	json_close(printed);
}

/* Pages where both were counted, else cost. */
static const char *weights(struct arena *arena, const struct cached_plan *before, const struct cached_plan *after)
{
	bool pages = before->pages > 0 && after->pages > 0;
	return arena_printf(arena, "%s %s before, %s after", pages ? "pages" : "cost",
	                    figure_count(arena, pages ? before->pages : before->cost),
	                    figure_count(arena, pages ? after->pages : after->cost));
}

static const char *sentence(struct arena *arena, const struct cached_change *change)
{
	const char *stamp = stamp_text(arena, change->after.taken_ms);
	_cleanup_strbuf_ struct strbuf reasons = {0};

	for (size_t i = 0; i < change->reasons.count; i++)
		strbuf_printf(&reasons, "%s%s", i ? "; " : "", change->reasons.items[i]);
	return arena_printf(arena, "%.*s %.*s UTC: another plan on %s, %s: %s", DATE_LENGTH, stamp, TIME_LENGTH,
	                    stamp + TIME_AT, change->after.on, weights(arena, &change->before, &change->after),
	                    reasons.length ? strbuf_text(&reasons) : "nothing that is known of changed with it");
}

void explain_history(struct session *session, struct arena *arena, const struct asked_plan *asked,
                     struct text_list *ret_history)
{
	_cleanup_error_ struct error ignored = {0};
	_cleanup_plan_cache_ struct plan_cache *cache = NULL;
	struct target own = {0};
	const struct target *target = asked->target;
	struct cached_change_list changes = {0};
	struct query_print print;
	const char *path;

	if (!target && catalog_target(session, arena, NULL, &own, &ignored) != OK)
		return;
	target = target ? target : &own;
	remember(session, arena, asked, target, ret_history);
	if (!query_fingerprint(asked->sql, &print) || plan_cache_path(arena, &path, &ignored) != OK ||
	    plan_cache_open(path, NULL, &cache, &ignored) != OK)
		return;
	struct plan_filter filter = {
		.fingerprint = print.hex,
		.system_identifier = target->system_identifier,
		.database = target->database,
	};
	if (plan_cache_changes(cache, arena, &filter, CHANGES_MOST, &changes, &ignored) != OK)
		return;
	for (size_t i = 0; i < changes.count; i++)
		list_push(arena, ret_history, sentence(arena, &changes.items[i]));
}
