#include "fixture.h"

#include "pg/history.h"

static const char FOREIGN_HINT[] =
	"Set `history-table` to another name and create that table by hand: (version text primary key, "
	"name text not null, applied_at timestamptz not null default now()), with a row for each "
	"version that is applied. A later command, adopt, will take such a history over.";

static const struct digest CHECKSUM = {.hex = "c0ffee"};
static const struct migration SECOND = {.version = "002", .name = "second", .up = {.canonical = &CHECKSUM}};
static const char RUN[] = "00000000-0000-4000-8000-000000000001";

static struct session *writer(void)
{
	return open_session(SESSION_READ_WRITE);
}

static struct history read_history(struct session *session, const char *configured)
{
	_cleanup_error_ struct error err = {0};
	struct history history = {0};
	expect_status(history_read(session, arena, configured, &history, &err), OK, &err);
	return history;
}

static void refuse(struct session *session, const char *configured, enum status status, const char *message,
                   const char *hint)
{
	_cleanup_error_ struct error err = {0};
	struct history history = {0};
	expect_status(history_read(session, arena, configured, &history, &err), status, &err);
	assert_string_equal(err.message, message);
	assert_string_equal(err.hint, hint);
}

static void run_items(struct session *session, const struct pipeline_item *items, size_t count)
{
	_cleanup_error_ struct error err = {0};
	size_t failed;
	long position;
	expect_status(pipeline_run(session, items, count, NULL, NULL, &failed, &position, &err), OK, &err);
}

static int clean(void **state)
{
	if (begin_test(state) != 0)
		return -1;
	struct session *session = writer();
	must_exec(session, "DROP SCHEMA public CASCADE");
	must_exec(session, "DROP SCHEMA IF EXISTS app CASCADE");
	must_exec(session, "CREATE SCHEMA public");
	must_exec(session, "CREATE SCHEMA app");
	session_close(session);
	return 0;
}

static void missing_table_will_be_first_on_the_path(void **state)
{
	(void)state;
	_cleanup_session_ struct session *session = open_session(SESSION_READ_ONLY);
	struct history history = read_history(session, "schema_migrations");
	assert_false(history.exists);
	assert_string_equal(history.schema, "public");
	assert_string_equal(history.table, "schema_migrations");
	history = read_history(session, "app.\"Odd Name\"");
	assert_string_equal(history.schema, "app");
	assert_string_equal(history.table, "Odd Name");
	refuse(session, "nosuch.history", FAIL_USAGE, "schema nosuch of the configured history table is not there",
	       "Create the schema, or set `history-table = SCHEMA.NAME` to one that is there.");
	refuse(session, "a.b.c", FAIL_USAGE, "history-table = a.b.c names no table",
	       "Write `history-table = NAME` or `history-table = SCHEMA.NAME`.");
	refuse(session, "no good", FAIL_USAGE, "history-table = no good names no table",
	       "Write `history-table = NAME` or `history-table = SCHEMA.NAME`.");
}

static void created_table_takes_rows_and_gives_them_back(void **state)
{
	(void)state;
	_cleanup_error_ struct error err = {0};
	_cleanup_session_ struct session *session = writer();
	struct history history = read_history(session, "schema_migrations");
	bool there = true;

	expect_status(history_prepare(session, &history, &err), OK, &err);
	expect_status(history_prepare(session, &history, &err), OK, &err);
	expect_status(history_has(session, &history, "002", &there, &err), OK, &err);
	assert_false(there);
	const struct pipeline_item items[] = {{.sql = "BEGIN"},
	                                      history_insert(arena, &history, &SECOND, RUN),
	                                      {.sql = "SELECT pg_sleep(0.02)"},
	                                      history_duration(arena, &history, "002"),
	                                      {.sql = "COMMIT"}};
	run_items(session, items, 5);
	history = read_history(session, "schema_migrations");
	assert_true(history.exists && history.complete);
	assert_int_equal(history.rows.count, 1);
	const struct applied *row = &history.rows.items[0];
	assert_string_equal(row->version, "002");
	assert_string_equal(row->name, "second");
	assert_string_equal(row->checksum, "c0ffee");
	assert_string_equal(row->applied_by, "postgres");
	assert_string_equal(row->run_id, RUN);
	assert_true(row->duration_ms >= 20);
	assert_int_equal(row->applied_at[10], 'T');
	expect_status(history_has(session, &history, "2", &there, &err), OK, &err);
	assert_true(there);
	const struct pipeline_item away = history_delete(arena, &history, "2");
	run_items(session, &away, 1);
	assert_int_equal(read_history(session, "schema_migrations").rows.count, 0);
}

static void second_runner_meets_the_first_at_the_key(void **state)
{
	(void)state;
	_cleanup_error_ struct error err = {0};
	_cleanup_session_ struct session *first = writer();
	_cleanup_session_ struct session *second = writer();
	struct history history = read_history(first, "schema_migrations");
	expect_status(history_prepare(first, &history, &err), OK, &err);
	struct pipeline_item insert = history_insert(arena, &history, &SECOND, RUN);
	must_exec(first, "BEGIN");
	run_items(first, &insert, 1);
	expect_status(session_send(second, insert.sql, insert.count, insert.parameters, &err), OK, &err);
	await(first, arena_printf(arena, "SELECT count(*) = 1 FROM pg_locks WHERE NOT granted AND pid = %d",
	                          session_backend_pid(second)));
	must_exec(first, "COMMIT");
	expect_status(session_result(second, NULL, &err), FAIL_INTERNAL, &err);
	assert_string_equal(err.sqlstate, "23505");
}

static void tables_of_another_origin_are_extended_in_place(void **state)
{
	(void)state;
	static const char *const TABLES[] = {
		"version text primary key, name text, applied_at timestamptz default now()",
		"version varchar(20) primary key, name varchar(255) not null, applied_at timestamp not null",
		"version char(14) not null unique, name text not null, applied_at text",
		"version text, name text, applied_at date",
	};
	for (size_t i = 0; i < sizeof(TABLES) / sizeof(TABLES[0]); i++) {
		_cleanup_error_ struct error err = {0};
		_cleanup_session_ struct session *session = writer();
		must_exec(session, arena_printf(arena, "CREATE TABLE public.schema_migrations (%s)", TABLES[i]));
		must_exec(session, "INSERT INTO public.schema_migrations VALUES ('1', 'first', '2024-01-02')");
		struct history history = read_history(session, "schema_migrations");
		assert_true(history.exists);
		assert_false(history.complete);
		assert_string_equal(history.rows.items[0].version, "1");
		assert_memory_equal(history.rows.items[0].applied_at, "2024-01-02", 10);
		assert_null(history.rows.items[0].checksum);
		assert_int_equal(history.rows.items[0].duration_ms, -1);
		expect_status(history_prepare(session, &history, &err), OK, &err);
		const struct pipeline_item items[] = {history_insert(arena, &history, &SECOND, RUN),
		                                      history_duration(arena, &history, "002")};
		run_items(session, items, 2);
		history = read_history(session, "schema_migrations");
		assert_true(history.complete);
		assert_int_equal(history.rows.count, 2);
		assert_string_equal(history.rows.items[1].version, "002");
		assert_string_equal(history.rows.items[1].checksum, "c0ffee");
		assert_true(history.rows.items[1].duration_ms >= 0);
		must_exec(session, "DROP TABLE public.schema_migrations");
	}
}

static void extending_does_not_queue_readers_behind_it(void **state)
{
	(void)state;
	_cleanup_error_ struct error err = {0};
	_cleanup_session_ struct session *reader = writer();
	_cleanup_session_ struct session *session = writer();
	must_exec(session, "CREATE TABLE public.schema_migrations (version text, name text, applied_at timestamptz)");
	struct history history = read_history(session, "schema_migrations");
	must_exec(reader, "BEGIN; SELECT * FROM public.schema_migrations");
	expect_status(history_prepare(session, &history, &err), FAIL_LOCK_BUDGET, &err);
	assert_string_equal(err.message, "cannot extend the history table public.schema_migrations: canceling statement "
	                                 "due to lock timeout");
	assert_false(session_in_transaction(session));
	must_exec(reader, "ROLLBACK");
	assert_false(read_history(session, "schema_migrations").complete);
}

static void foreign_shapes_are_refused_with_their_columns(void **state)
{
	(void)state;
	_cleanup_session_ struct session *session = writer();
	static const char *const TABLES[][2] = {
		{"(version bigint primary key, dirty boolean not null)", "version bigint, dirty boolean"},
		{"(version bigint, name text, applied_at timestamptz)",
	         "version bigint, name text, applied_at timestamp with time zone"},
		{"(version text, name text, applied_at date, checksum text)",
	         "version text, name text, applied_at date, checksum text"},
		{"(version text, name text)", "version text, name text"},
	};
	for (size_t i = 0; i < sizeof(TABLES) / sizeof(TABLES[0]); i++) {
		_cleanup_error_ struct error err = {0};
		struct history history = {0};
		must_exec(session, arena_printf(arena, "CREATE TABLE public.schema_migrations %s", TABLES[i][0]));
		expect_status(history_read(session, arena, "schema_migrations", &history, &err), FAIL_REFUSED, &err);
		assert_string_equal(err.message, "the history table public.schema_migrations is of a foreign shape");
		assert_string_equal(err.detail, arena_printf(arena,
		                                             "It has the columns %s; needed are version and name as "
		                                             "text, and applied_at.",
		                                             TABLES[i][1]));
		assert_string_equal(err.hint, FOREIGN_HINT);
		must_exec(session, "DROP TABLE public.schema_migrations");
	}
	must_exec(session, "CREATE VIEW public.schema_migrations AS SELECT ''::text AS version");
	refuse(session, "schema_migrations", FAIL_REFUSED,
	       "the history table public.schema_migrations is of a foreign shape",
	       FOREIGN_HINT);
}

static void more_columns_that_need_no_value_are_fine_in_ours(void **state)
{
	(void)state;
	_cleanup_error_ struct error err = {0};
	_cleanup_session_ struct session *session = writer();
	struct history history = read_history(session, "schema_migrations");
	expect_status(history_prepare(session, &history, &err), OK, &err);
	must_exec(session, "ALTER TABLE public.schema_migrations ADD COLUMN note text, ADD n int NOT NULL DEFAULT 1");
	assert_true(read_history(session, "schema_migrations").complete);
	must_exec(session, "ALTER TABLE public.schema_migrations ADD COLUMN needed text NOT NULL");
	expect_status(history_read(session, arena, "schema_migrations", &history, &err), FAIL_REFUSED, &err);
}

static void rows_come_by_number_and_must_be_numbers(void **state)
{
	(void)state;
	_cleanup_session_ struct session *session = writer();
	must_exec(session, "CREATE TABLE public.schema_migrations (version text, name text, applied_at timestamptz)");
	must_exec(session, "INSERT INTO public.schema_migrations VALUES ('010', 'c', now()), ('9', 'b', now()), "
	                   "('20240101120000123456', 'd', now()), ('0001', 'a', now())");
	struct history history = read_history(session, "schema_migrations");
	static const char *const ORDER[] = {"0001", "9", "010", "20240101120000123456"};
	assert_int_equal(history.rows.count, 4);
	for (size_t i = 0; i < 4; i++)
		assert_string_equal(history.rows.items[i].version, ORDER[i]);
	static const char HINT[] = "Correct or delete the row in public.schema_migrations. A later command, adopt, "
				   "will take a history of another tool over.";
	must_exec(session, "INSERT INTO public.schema_migrations VALUES ('10', 'twice', now())");
	_cleanup_error_ struct error err = {0};
	expect_status(history_read(session, arena, "schema_migrations", &history, &err), FAIL_REFUSED, &err);
	assert_non_null(strstr(err.message, "has two rows for one version: "));
	must_exec(session, "UPDATE public.schema_migrations SET version = 'R__views' WHERE name = 'twice'");
	refuse(session, "schema_migrations", FAIL_REFUSED,
	       "the history table public.schema_migrations has a row whose version is no number: R__views", HINT);
}

static void two_tables_on_the_path_are_both_named(void **state)
{
	(void)state;
	_cleanup_session_ struct session *session = open_with(&(struct session_options){
		.conninfo = arena_printf(arena, "%s options='-c search_path=app,public'",
	                                 getenv("PGSLUICE_TEST_CONNINFO")),
		.access = SESSION_READ_WRITE});
	must_exec(session, "CREATE TABLE public.schema_migrations (version text, name text, applied_at timestamptz)");
	assert_string_equal(read_history(session, "schema_migrations").schema, "public");
	must_exec(session, "CREATE TABLE app.schema_migrations (LIKE public.schema_migrations)");
	refuse(session, "schema_migrations", FAIL_REFUSED,
	       "two history tables are on the search path: app.schema_migrations and public.schema_migrations",
	       "Say which one it is: `history-table = app.schema_migrations` in the configuration.");
	assert_string_equal(read_history(session, "public.schema_migrations").schema, "public");
}

static void table_that_the_path_does_not_show_is_not_passed_over(void **state)
{
	(void)state;
	_cleanup_session_ struct session *session = writer();
	must_exec(session, "CREATE TABLE app.schema_migrations (version text, name text, applied_at timestamptz)");
	refuse(session, "schema_migrations", FAIL_REFUSED,
	       "no table schema_migrations is on the search path, but app.schema_migrations is there",
	       "Say which one it is: `history-table = app.schema_migrations` in the configuration, or the name of a new "
	       "one with its schema.");
	assert_false(read_history(session, "public.schema_migrations").exists);
}

#define on_clean(name) cmocka_unit_test_setup_teardown(name, clean, end_test)

int main(void)
{
	const struct CMUnitTest tests[] = {
		on_clean(missing_table_will_be_first_on_the_path),
		on_clean(created_table_takes_rows_and_gives_them_back),
		on_clean(second_runner_meets_the_first_at_the_key),
		on_clean(tables_of_another_origin_are_extended_in_place),
		on_clean(extending_does_not_queue_readers_behind_it),
		on_clean(foreign_shapes_are_refused_with_their_columns),
		on_clean(more_columns_that_need_no_value_are_fine_in_ours),
		on_clean(rows_come_by_number_and_must_be_numbers),
		on_clean(two_tables_on_the_path_are_both_named),
		on_clean(table_that_the_path_does_not_show_is_not_passed_over),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
