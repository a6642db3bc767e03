#include "engine/queries/plan_memory.h"

#include <string.h>

#include "cache/plan_cache.h"
#include "core/explain/compare/plan_judge.h"
#include "pg/query.h"
#include "sys/clock.h"

/* Of a table with thousands of partitions the first ones stand for all. */
enum { RELATIONS_MOST = 64 };

struct plan_memory {
	struct arena *arena;
	struct emitter *emitter;
	struct plan_cache *cache;
	struct text_list notices;
	bool opened, told;
};

struct plan_memory *plan_memory_open(struct emitter *emitter)
{
	struct arena *arena = arena_open();
	struct plan_memory *memory = arena_alloc(arena, sizeof(*memory));
	memory->arena = arena;
	memory->emitter = emitter;
	return memory;
}

void plan_memory_close(struct plan_memory *memory)
{
	if (!memory)
		return;
	plan_cache_close(memory->cache);
	arena_close(memory->arena);
}

const struct text_list *plan_memory_notices(const struct plan_memory *memory)
{
	return &memory->notices;
}

static void tell(struct plan_memory *memory, const char *notice)
{
	list_push(memory->arena, &memory->notices, notice);
	if (memory->emitter)
		emit_log(memory->emitter, LOG_NOTICE, "%s", notice);
}

/* Once: the next plans fail for the same reason. */
static void tell_failure(struct plan_memory *memory, const struct error *err)
{
	if (!memory->told)
		tell(memory, arena_printf(memory->arena, "query plans are not remembered: %s", err->message));
	memory->told = true;
}

static void open_cache(struct plan_memory *memory, struct arena *scratch)
{
	_cleanup_error_ struct error err = {0};
	const char *path;

	memory->opened = true;
	if (plan_cache_path(scratch, &path, &err) != OK || plan_cache_open(path, NULL, &memory->cache, &err) != OK)
		tell_failure(memory, &err);
}

/* ---- what it was made under ---- */

static void list_relations(struct arena *arena, const struct query_plan *plan, struct text_list *ret_schemas,
                           struct text_list *ret_names)
{
	struct text_list seen = {0};
	for (size_t i = 0; i < plan->nodes.count && ret_names->count < RELATIONS_MOST; i++) {
		const struct plan_node *node = &plan->nodes.items[i];
		if (!node->schema || !node->relation)
			continue;
		const char *both = arena_printf(arena, "%s.%s", node->schema, node->relation);
		if (text_list_has(&seen, both))
			continue;
		list_push(arena, &seen, both);
		list_push(arena, ret_schemas, node->schema);
		list_push(arena, ret_names, node->relation);
	}
}

/* NULL where the server does not say: then it is not known. */
static const char *read_relations(struct session *session, struct arena *arena, const struct query_plan *plan)
{
	_cleanup_error_ struct error ignored = {0};
	_cleanup_rows_ struct rows *rows = NULL;
	struct text_list schemas = {0}, names = {0};

	list_relations(arena, plan, &schemas, &names);
	if (names.count == 0)
		return "[]";
	const char *parameters[] = {quote_array(arena, &schemas), quote_array(arena, &names)};
	if (session_query(session, query_plan_relations, 2, parameters, &rows, &ignored) != OK || rows_count(rows) == 0)
		return NULL;
	return arena_strdup(arena, rows_get(rows, 0, 0));
}

static const char *read_version(struct session *session, struct arena *arena)
{
	_cleanup_error_ struct error ignored = {0};
	_cleanup_rows_ struct rows *rows = NULL;

	if (session_query(session, query_server_version, 0, NULL, &rows, &ignored) != OK || rows_count(rows) == 0)
		return NULL;
	return arena_strdup(arena, rows_get(rows, 0, 0));
}

/* EXPLAIN names those of the planner's settings that are not as shipped; where there are none it says nothing. */
static const char *print_settings(struct arena *arena, const struct json *printed)
{
	const struct json *object = json_kind(printed) == JSON_KIND_ARRAY ? json_at(printed, 0) : printed;
	const struct json *settings = json_get(object, "Settings");
	_cleanup_strbuf_ struct strbuf text = {0};

	if (!settings)
		return "{}";
	json_write(&text, settings);
	return arena_strdup(arena, strbuf_text(&text));
}

/* ---- add ---- */

static struct cached_plan make_plan(struct session *session, struct arena *arena, const struct plan_taken *taken)
{
	struct plan_work work = query_plan_work(taken->plan);
	return (struct cached_plan){
		.sql = taken->sql,
		.system_identifier = taken->system_identifier,
		.database = taken->database,
		.on = taken->on,
		.phase = taken->phase,
		.shape = taken->shape,
		.plan = taken->printed,
		.wall_ms = work.wall_ms,
		.pages = work.pages,
		.temp_pages = work.temp_pages,
		.cost = work.cost,
		.p95_ms = taken->p95_ms,
		.around = {
			.server_version = read_version(session, arena),
			.settings_json = print_settings(arena, taken->printed),
			.schema_digest = taken->schema_digest,
			.relations_json = read_relations(session, arena, taken->plan),
		},
		.taken_ms = clock_wall_ms(),
		.run_id = taken->run_id,
		.canary = taken->canary,
	};
}

void plan_memory_add(struct plan_memory *memory, struct session *session, const struct plan_taken *taken)
{
	_cleanup_arena_ struct arena *scratch = arena_open();
	_cleanup_error_ struct error err = {0};

	if (!memory->opened)
		open_cache(memory, scratch);
	if (!memory->cache)
		return;
	struct cached_plan plan = make_plan(session, scratch, taken);
	if (plan_cache_add(memory->cache, &plan, &err) != OK)
		tell_failure(memory, &err);
	const char *notice = plan_cache_notice(memory->cache, memory->arena);
	if (notice)
		tell(memory, notice);
}
