#include "fixture.h"

#include <unistd.h>

#include "cache/plan_cache.h"
#include "engine/queries/explain.h"
#include "engine/queries/plan_memory.h"
#include "sys/file.h"

static const char QUERY[] = "SELECT count(*) FROM remembered WHERE customer = 4711";

static char folder[] = "/tmp/pgsluice-pg-XXXXXX";

/* What the emitter's log was told. */
static struct text_list told;

static void note_line(void *context, enum event_type type, const char *line, const struct json *fields)
{
	(void)context;
	(void)line;
	if (type == EVENT_LOG)
		list_push(arena, &told, arena_strdup(arena, json_get_text(fields, "message")));
}

static struct session *open_plain(void)
{
	return open_with(&(struct session_options){.conninfo = getenv("PGSLUICE_TEST_CONNINFO"),
	                                           .access = SESSION_READ_WRITE,
	                                           .role_word = "test",
	                                           .plain = true});
}

/* Runs the query and remembers its plan; the root's kind stands for its shape. */
static void remember(struct plan_memory *memory, struct session *session)
{
	_cleanup_error_ struct error err = {0};
	_cleanup_json_ struct json *printed = NULL;
	struct query_plan *plan;
	const char *text;
	const struct explain_options options = {.sql = QUERY, .analyze = true};
	expect_status(explain_query(session, arena, &options, &text, &err), OK, &err);
	expect_status(json_parse(text, strlen(text), &printed, &err), OK, &err);
	expect_status(query_plan_read_json(arena, printed, &plan, &err), OK, &err);
	struct plan_taken taken = {
		.sql = QUERY,
		.printed = printed,
		.plan = plan,
		.shape = plan->nodes.items[plan->nodes.count - 1].type,
		.on = "copy",
		.phase = "before",
		.system_identifier = "7300000000000000001",
		.database = "shop",
		.schema_digest = "aaaa",
		.run_id = "run-1",
		.canary = "remembered by customer",
		.p95_ms = 1.5,
	};
	plan_memory_add(memory, session, &taken);
}

static struct emitter *listen(struct sink *sink)
{
	struct emitter *emitter = emitter_open("run-1");
	*sink = (struct sink){.event = note_line};
	told = (struct text_list){0};
	emitter_add(emitter, sink);
	return emitter;
}

static const char *use_folder(const char *name)
{
	const char *path = path_join(arena, folder, name);
	assert_int_equal(setenv("XDG_CACHE_HOME", path, 1), 0);
	return path;
}

static void what_changed_with_a_plan_is_known_afterwards(void **state)
{
	(void)state;
	_cleanup_error_ struct error err = {0};
	_cleanup_session_ struct session *session = open_plain();
	struct sink sink;
	struct emitter *emitter = listen(&sink);
	struct plan_memory *memory = plan_memory_open(emitter);
	use_folder("good");
	must_exec(session, "CREATE TABLE remembered AS SELECT g AS id, g % 5000 AS customer "
	                   "FROM generate_series(1, 20000) g;"
	                   "CREATE INDEX by_customer ON remembered (customer)");
	must_exec(session, "VACUUM ANALYZE remembered");
	remember(memory, session);
	remember(memory, session);
	must_exec(session, "DROP INDEX by_customer; INSERT INTO remembered SELECT g, g FROM generate_series(1, 20000) g;"
	                   "ANALYZE remembered; SET work_mem = '64MB'");
	remember(memory, session);
	plan_memory_close(memory);
	emitter_close(emitter);
	assert_int_equal(told.count, 0);

	struct plan_cache *cache;
	struct cached_change_list changes;
	struct cached_plan_list plans;
	const char *path;
	expect_status(plan_cache_path(arena, &path, &err), OK, &err);
	expect_status(plan_cache_open(path, NULL, &cache, &err), OK, &err);
	expect_status(plan_cache_changes(cache, arena, NULL, 10, &changes, &err), OK, &err);
	expect_status(plan_cache_history(cache, arena, NULL, 10, &plans, &err), OK, &err);
	assert_int_equal(plans.count, 3);
	assert_string_equal(plans.items[0].sql, "SELECT count(*) FROM remembered WHERE customer = $1");
	assert_true(plans.items[0].pages > 0 && plans.items[0].cost > 0 && plans.items[0].wall_ms > 0);
	assert_string_equal(plans.items[0].around.server_version, value_of(session, "SHOW server_version"));
	assert_int_equal(changes.count, 1);
	const struct text_list *reasons = &changes.items[0].reasons;
	assert_string_equal(reasons->items[0],
	                    "index gone: CREATE INDEX by_customer ON public.remembered USING btree (customer)");
	assert_string_equal(reasons->items[1], "setting work_mem: as shipped before, 64MB now");
	assert_string_equal(reasons->items[2], "statistics of public.remembered: 20,000 rows before, 40,000 now");
	plan_cache_close(cache);
}

static void a_cache_that_cannot_be_is_told_once_and_fails_nothing(void **state)
{
	(void)state;
	_cleanup_error_ struct error err = {0};
	_cleanup_session_ struct session *session = open_plain();
	struct sink sink;
	struct emitter *emitter = listen(&sink);
	struct plan_memory *memory = plan_memory_open(emitter);
	const char *path = use_folder("file");
	expect_status(file_write(path, "in the way", 10, &err), OK, &err);
	must_exec(session, "CREATE TABLE IF NOT EXISTS remembered AS SELECT 1 AS id, 2 AS customer");
	remember(memory, session);
	remember(memory, session);
	plan_memory_close(memory);
	emitter_close(emitter);
	assert_int_equal(told.count, 1);
	assert_string_equal(told.items[0], arena_printf(arena, "query plans are not remembered: could not make folder "
	                                                       "\"%s/pgsluice\": Not a directory", path));
}

static int open_place(void **state)
{
	(void)state;
	return mkdtemp(folder) ? 0 : -1;
}

static int close_place(void **state)
{
	_cleanup_error_ struct error err = {0};
	(void)state;
	return folder_remove(folder, &err) == OK ? 0 : -1;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		on_cluster(what_changed_with_a_plan_is_known_afterwards),
		on_cluster(a_cache_that_cannot_be_is_told_once_and_fails_nothing),
	};

	return cmocka_run_group_tests(tests, open_place, close_place);
}
