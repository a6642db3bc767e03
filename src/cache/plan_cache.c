#include "cache/plan_cache.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "cache/plan_tables.h"
#include "cache/store.h"
#include "core/explain/impersonal.h"
#include "sys/file.h"

/* What is over these is not kept: a document, and a query's text. */
enum { DOCUMENT_BYTES = 4 * 1024 * 1024 };

static const struct plan_cache_limits DEFAULTS = {
	.newest = 50,
	.in_series = 500,
	.size_bytes = INT64_C(256) * 1024 * 1024,
	.busy_ms = 500,
};

struct plan_cache {
	struct arena *arena;
	struct store *store;
	struct plan_cache_limits limits;
};

/* ---- open and close ---- */

enum status plan_cache_path(struct arena *arena, const char **ret_path, struct error *err)
{
	const char *folder;
	if (cache_folder(arena, &folder, err) != OK)
		return err->status;
	*ret_path = path_join(arena, folder, "plans.sqlite");
	return OK;
}

static struct plan_cache_limits fill_limits(const struct plan_cache_limits *given)
{
	struct plan_cache_limits limits = given ? *given : DEFAULTS;
	limits.newest = limits.newest ? limits.newest : DEFAULTS.newest;
	limits.in_series = limits.in_series ? limits.in_series : DEFAULTS.in_series;
	limits.size_bytes = limits.size_bytes ? limits.size_bytes : DEFAULTS.size_bytes;
	limits.busy_ms = limits.busy_ms ? limits.busy_ms : DEFAULTS.busy_ms;
	return limits;
}

enum status plan_cache_open(const char *path, const struct plan_cache_limits *limits, struct plan_cache **ret_cache,
                            struct error *err)
{
	struct arena *arena = arena_open();
	struct plan_cache *cache = arena_alloc(arena, sizeof(*cache));
	*cache = (struct plan_cache){.arena = arena, .limits = fill_limits(limits)};
	if (store_open(arena_strdup(arena, path), &PLAN_TABLES, cache->limits.busy_ms, &cache->store, err) != OK) {
		plan_cache_close(cache);
		return err->status;
	}
	*ret_cache = cache;
	return OK;
}

void plan_cache_close(struct plan_cache *cache)
{
	if (!cache)
		return;
	store_close(cache->store);
	arena_close(cache->arena);
}

void plan_cache_cleanup(struct plan_cache **cache)
{
	plan_cache_close(*cache);
}

const char *plan_cache_notice(struct plan_cache *cache, struct arena *arena)
{
	return store_notice(cache->store, arena);
}

/* ---- add ---- */

struct addition {
	const struct plan_cache *cache;
	const struct cached_plan *plan;
	struct query_print query;
	const char *sql;
	const char *document; /* NULL = too big */
	double rows;
};

static enum status need_series(struct store *store, const struct addition *addition, int64_t *ret_series,
                               struct error *err)
{
	_cleanup_store_statement_ struct store_statement *statement = NULL;
	const struct cached_plan *plan = addition->plan;
	bool row;

	if (store_prepare(store, PLAN_SERIES_NEED, &statement, err) != OK)
		return err->status;
	store_bind_text(statement, 1, addition->query.hex);
	store_bind_text(statement, 2, plan->system_identifier);
	store_bind_text(statement, 3, plan->database);
	store_bind_text(statement, 4, plan->on);
	store_bind_text(statement, 5, plan->phase);
	store_bind_text(statement, 6, addition->sql);
	if (store_step(statement, &row, err) != OK)
		return err->status;
	*ret_series = store_int(statement, 0);
	return store_run(statement, err);
}

/* Whether the plan before it in the series has another shape; if so, that one is marked as its shape's last. */
static enum status mark_change(struct store *store, int64_t series, const char *shape, bool *ret_changed,
                               struct error *err)
{
	_cleanup_store_statement_ struct store_statement *newest = NULL, *mark = NULL;
	bool row;

	if (store_prepare(store, PLAN_NEWEST_SHAPE, &newest, err) != OK)
		return err->status;
	store_bind_int(newest, 1, series);
	if (store_step(newest, &row, err) != OK)
		return err->status;
	*ret_changed = row && (!store_text(newest, 1) || strcmp(store_text(newest, 1), shape) != 0);
	if (!*ret_changed)
		return OK;
	if (store_prepare(store, PLAN_MARK_ENDED, &mark, err) != OK)
		return err->status;
	store_bind_int(mark, 1, store_int(newest, 0));
	return store_run(mark, err);
}

static enum status insert(struct store *store, const struct addition *addition, int64_t series, bool changed,
                          struct error *err)
{
	_cleanup_store_statement_ struct store_statement *statement = NULL;
	const struct cached_plan *plan = addition->plan;
	const double figures[] = {plan->wall_ms, plan->pages, plan->temp_pages, plan->cost, plan->p95_ms, addition->rows};
	const char *const texts[] = {plan->around.server_version, plan->around.schema_digest, plan->run_id, plan->canary,
	                             plan->around.settings_json,  plan->around.relations_json, addition->document};
	int parameter = 1;

	if (store_prepare(store, PLAN_INSERT, &statement, err) != OK)
		return err->status;
	store_bind_int(statement, parameter++, series);
	store_bind_int(statement, parameter++, plan->taken_ms);
	store_bind_text(statement, parameter++, plan->shape);
	store_bind_int(statement, parameter++, changed);
	for (size_t i = 0; i < sizeof(figures) / sizeof(figures[0]); i++)
		store_bind_real(statement, parameter++, figures[i]);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		store_bind_text(statement, parameter++, texts[i]);
	return store_run(statement, err);
}

static enum status run_with(struct store *store, const char *sql, int64_t first, int64_t second, struct error *err)
{
	_cleanup_store_statement_ struct store_statement *statement = NULL;
	if (store_prepare(store, sql, &statement, err) != OK)
		return err->status;
	store_bind_int(statement, 1, first);
	store_bind_int(statement, 2, second);
	return store_run(statement, err);
}

/* Of the whole file the oldest go, a batch at a time; the newest plan stays whatever its size. */
static enum status trim_file(struct store *store, int64_t ceiling_bytes, int64_t newest, struct error *err)
{
	enum { BATCH = 64 };
	int64_t used, before = INT64_MAX;
	for (;;) {
		if (store_used(store, &used, err) != OK)
			return err->status;
		if (used <= ceiling_bytes || used >= before)
			return OK;
		before = used;
		if (run_with(store, PLAN_DROP_OLDEST, newest, BATCH, err) != OK ||
		    run_with(store, PLAN_SERIES_DROP_EMPTY, 0, 0, err) != OK)
			return err->status;
	}
}

static enum status add_plan(struct store *store, void *context, struct error *err)
{
	const struct addition *addition = context;
	const struct plan_cache_limits *limits = &addition->cache->limits;
	int64_t series = 0;
	bool changed = false;

	if (need_series(store, addition, &series, err) != OK ||
	    mark_change(store, series, addition->plan->shape, &changed, err) != OK ||
	    insert(store, addition, series, changed, err) != OK)
		return err->status;
	int64_t id = store_inserted(store);
	if (run_with(store, PLAN_SERIES_NEWEST, series, id, err) != OK ||
	    run_with(store, PLAN_DROP_BETWEEN, series, (int64_t)limits->newest - 1, err) != OK ||
	    run_with(store, PLAN_DROP_BEYOND, series, (int64_t)limits->in_series - 1, err) != OK)
		return err->status;
	return trim_file(store, limits->size_bytes, id, err);
}

/* "Plan Rows" of the root, as a number of either kind. */
static double rows_of(const struct json *printed)
{
	const struct json *object = json_kind(printed) == JSON_KIND_ARRAY ? json_at(printed, 0) : printed;
	const struct json *plan = json_get(object, "Plan"), *rows = plan ? json_get(plan, "Plan Rows") : NULL;
	if (!rows)
		return 0;
	return json_digits(rows) ? strtod(json_digits(rows), NULL) : (double)json_int(rows);
}

static const char *print_document(struct arena *arena, const struct json *printed)
{
	_cleanup_json_ struct json *impersonal = query_plan_impersonal(printed);
	_cleanup_strbuf_ struct strbuf text = {0};
	json_write(&text, impersonal);
	return text.length > DOCUMENT_BYTES ? NULL : arena_strdup(arena, strbuf_text(&text));
}

enum status plan_cache_add(struct plan_cache *cache, const struct cached_plan *plan, struct error *err)
{
	_cleanup_arena_ struct arena *scratch = arena_open();
	struct addition addition = {.cache = cache, .plan = plan, .rows = plan->around.rows};

	assert(plan->system_identifier && plan->database && plan->on && plan->phase && plan->shape && plan->taken_ms);
	addition.sql = query_normalize(scratch, plan->sql);
	if (!addition.sql || !query_fingerprint(plan->sql, &addition.query) || strlen(addition.sql) > DOCUMENT_BYTES) {
		error_set(err, FAIL_USAGE, "no plan is remembered for a text that is not one statement of at most 4 MiB");
		return error_hint(err, "Give one statement.");
	}
	if (plan->plan) {
		addition.document = print_document(scratch, plan->plan);
		addition.rows = addition.rows > 0 ? addition.rows : rows_of(plan->plan);
	}
	return store_do(cache->store, true, add_plan, &addition, err);
}

/* ---- read ---- */

/* A question and where its answers go. */
struct question {
	struct arena *arena;
	const char *sql;                /* up to its conditions */
	const char *order;              /* behind them, with the limit as ?6 */
	const struct plan_filter *filter;
	size_t limit;
	struct cached_plan_list plans;
	struct cached_change_list changes;
	bool wants_changes;
};

static const char *copy_text(struct arena *arena, struct store_statement *row, int column)
{
	return arena_strdup(arena, store_text(row, column));
}

/* A damaged file can hold nulls where its form has none. */
static const char *copy_needed(struct arena *arena, struct store_statement *row, int column)
{
	const char *text = copy_text(arena, row, column);
	return text ? text : "";
}

/* The columns of PLAN_COLUMNS of plan_tables.c, from `at` on. */
static void read_plan(struct arena *arena, struct store_statement *row, int at, struct cached_plan *ret_plan)
{
	const char *fingerprint = store_text(row, at + 1);
	*ret_plan = (struct cached_plan){
		.id = store_int(row, at),
		.system_identifier = copy_needed(arena, row, at + 2),
		.database = copy_needed(arena, row, at + 3),
		.on = copy_needed(arena, row, at + 4),
		.phase = copy_needed(arena, row, at + 5),
		.sql = copy_needed(arena, row, at + 6),
		.taken_ms = store_int(row, at + 7),
		.shape = copy_needed(arena, row, at + 8),
		.wall_ms = store_real(row, at + 9),
		.pages = store_real(row, at + 10),
		.temp_pages = store_real(row, at + 11),
		.cost = store_real(row, at + 12),
		.p95_ms = store_real(row, at + 13),
		.run_id = copy_text(arena, row, at + 14),
		.canary = copy_text(arena, row, at + 15),
		.around = {
			.rows = store_real(row, at + 16),
			.server_version = copy_text(arena, row, at + 17),
			.schema_digest = copy_text(arena, row, at + 18),
			.settings_json = copy_text(arena, row, at + 19),
			.relations_json = copy_text(arena, row, at + 20),
		},
	};
	if (fingerprint && strlen(fingerprint) < sizeof(ret_plan->query.hex))
		memcpy(ret_plan->query.hex, fingerprint, strlen(fingerprint) + 1);
}

static void read_change(struct question *question, struct store_statement *row)
{
	struct cached_change *change = list_add(question->arena, &question->changes);
	read_plan(question->arena, row, 0, &change->after);
	read_plan(question->arena, row, PLAN_COLUMN_COUNT, &change->before);
	surroundings_compare(question->arena, &change->before.around, &change->after.around, &change->reasons);
}

/* Only the conditions that are asked for, so that the index of the fingerprint is used where there is one. */
static const char *write_sql(struct arena *arena, const struct question *question, const char *const *values)
{
	static const char *const COLUMNS[] = {"s.fingerprint", "s.system_identifier", "s.database", "s.place", "s.phase"};
	_cleanup_strbuf_ struct strbuf sql = {0};

	strbuf_puts(&sql, question->sql);
	for (size_t i = 0; i < sizeof(COLUMNS) / sizeof(COLUMNS[0]); i++)
		if (values[i])
			strbuf_printf(&sql, " AND %s = ?%zu", COLUMNS[i], i + 1);
	strbuf_puts(&sql, question->order);
	return arena_strdup(arena, strbuf_text(&sql));
}

static enum status ask_question(struct store *store, void *context, struct error *err)
{
	struct question *question = context;
	_cleanup_arena_ struct arena *scratch = arena_open();
	_cleanup_store_statement_ struct store_statement *statement = NULL;
	static const struct plan_filter ALL;
	const struct plan_filter *filter = question->filter ? question->filter : &ALL;
	const char *const values[] = {filter->fingerprint, filter->system_identifier, filter->database, filter->on,
	                              filter->phase};

	question->plans.count = question->changes.count = 0;
	if (store_prepare(store, write_sql(scratch, question, values), &statement, err) != OK)
		return err->status;
	for (int i = 0; i < 5; i++)
		if (values[i])
			store_bind_text(statement, i + 1, values[i]);
	store_bind_int(statement, 6, question->limit < INT64_MAX ? (int64_t)question->limit : INT64_MAX);
	for (bool row;;) {
		if (store_step(statement, &row, err) != OK)
			return err->status;
		if (!row)
			return OK;
		if (question->wants_changes)
			read_change(question, statement);
		else
			read_plan(question->arena, statement, 0, list_add(question->arena, &question->plans));
	}
}

static enum status ask_plans(struct plan_cache *cache, struct question *question, struct cached_plan_list *ret_plans,
                             struct error *err)
{
	if (store_do(cache->store, false, ask_question, question, err) != OK)
		return err->status;
	*ret_plans = question->plans;
	return OK;
}

enum status plan_cache_history(struct plan_cache *cache, struct arena *arena, const struct plan_filter *filter,
                               size_t limit, struct cached_plan_list *ret_plans, struct error *err)
{
	struct question question = {
		.arena = arena, .sql = PLAN_HISTORY, .order = PLAN_HISTORY_ORDER, .filter = filter, .limit = limit};
	return ask_plans(cache, &question, ret_plans, err);
}

enum status plan_cache_newest(struct plan_cache *cache, struct arena *arena, const struct plan_filter *filter,
                              size_t limit, struct cached_plan_list *ret_plans, struct error *err)
{
	struct question question = {
		.arena = arena, .sql = PLAN_NEWEST, .order = PLAN_NEWEST_ORDER, .filter = filter, .limit = limit};
	return ask_plans(cache, &question, ret_plans, err);
}

enum status plan_cache_changes(struct plan_cache *cache, struct arena *arena, const struct plan_filter *filter,
                               size_t limit, struct cached_change_list *ret_changes, struct error *err)
{
	struct question question = {.arena = arena,
	                            .sql = PLAN_CHANGES,
	                            .order = PLAN_HISTORY_ORDER,
	                            .filter = filter,
	                            .limit = limit,
	                            .wants_changes = true};
	if (store_do(cache->store, false, ask_question, &question, err) != OK)
		return err->status;
	*ret_changes = question.changes;
	return OK;
}

struct document {
	int64_t id;
	struct json *plan;
};

static enum status read_document(struct store *store, void *context, struct error *err)
{
	struct document *document = context;
	_cleanup_store_statement_ struct store_statement *statement = NULL;
	bool row;

	if (store_prepare(store, PLAN_DOCUMENT, &statement, err) != OK)
		return err->status;
	store_bind_int(statement, 1, document->id);
	if (store_step(statement, &row, err) != OK)
		return err->status;
	const char *text = row ? store_text(statement, 0) : NULL;
	return text ? json_parse(text, strlen(text), &document->plan, err) : OK;
}

enum status plan_cache_document(struct plan_cache *cache, int64_t id, struct json **ret_plan, struct error *err)
{
	struct document document = {.id = id};
	if (store_do(cache->store, false, read_document, &document, err) != OK)
		return err->status;
	*ret_plan = document.plan;
	return OK;
}
