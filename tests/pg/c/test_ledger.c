#include "fixture.h"

#include "pg/ledger.h"

static const char FIRST[] = "00000000-0000-4000-8000-000000000001";
static const char NEXT[] = "00000000-0000-4000-8000-000000000002";

static int without_ledger(void **state)
{
	if (begin_test(state) != 0)
		return -1;
	struct session *session = open_session(SESSION_READ_WRITE);
	must_exec(session, "DROP SCHEMA IF EXISTS pgsluice CASCADE");
	session_close(session);
	return 0;
}

static struct session *with_ledger(void)
{
	_cleanup_error_ struct error err = {0};
	struct session *session = open_session(SESSION_READ_WRITE);
	expect_status(ledger_setup(session, &err), OK, &err);
	return session;
}

static void add(struct session *session, const char *run, const char *kind, const char *version, int step,
                const char *body)
{
	_cleanup_error_ struct error err = {0};
	_cleanup_json_ struct json *json = NULL;
	if (body)
		expect_status(json_parse(body, strlen(body), &json, &err), OK, &err);
	const struct ledger_entry entry = {
		.run_id = run, .kind = kind, .version = version, .step = step, .body = json};
	expect_status(ledger_add(session, &entry, &err), OK, &err);
}

/* What somebody does who means harm: the triggers are off for it. */
static void tamper(struct session *session, const char *sql)
{
	must_exec(session, "ALTER TABLE pgsluice.ledger DISABLE TRIGGER USER");
	must_exec(session, sql);
	must_exec(session, "ALTER TABLE pgsluice.ledger ENABLE ALWAYS TRIGGER ledger_append");
	must_exec(session, "ALTER TABLE pgsluice.ledger ENABLE ALWAYS TRIGGER ledger_refuse");
}

static void must_be_broken(struct session *session, const char *message)
{
	_cleanup_error_ struct error err = {0};
	expect_status(ledger_check_chain(session, &err), FAIL_REFUSED, &err);
	assert_string_equal(err.message, message);
}

static void setup_is_whole_and_can_be_repeated(void **state)
{
	(void)state;
	_cleanup_error_ struct error err = {0};
	_cleanup_session_ struct session *session = open_session(SESSION_READ_WRITE);
	bool there = true;
	expect_status(ledger_exists(session, &there, &err), OK, &err);
	assert_false(there);
	expect_status(ledger_setup(session, &err), OK, &err);
	expect_status(ledger_setup(session, &err), OK, &err);
	expect_status(ledger_exists(session, &there, &err), OK, &err);
	assert_true(there);
	must_exec(session, "DROP VIEW pgsluice.runs");
	expect_status(ledger_setup(session, &err), OK, &err);
	assert_value(session, "SELECT count(*) FROM pgsluice.runs", "0");
	expect_status(ledger_check_chain(session, &err), OK, &err);
}

static void rows_are_chained_and_read_back(void **state)
{
	(void)state;
	_cleanup_error_ struct error err = {0};
	_cleanup_session_ struct session *session = with_ledger();
	struct ledger_rows rows = {0};
	expect_status(ledger_last_run(session, arena, &rows, &err), OK, &err);
	assert_int_equal(rows.count, 0);
	add(session, FIRST, "run", NULL, -1, "{\"command\":\"batch\",\"plan_id\":\"abc\"}");
	add(session, FIRST, "end", NULL, -1, "{\"state\":\"passed\"}");
	add(session, FIRST, "held", "009", -1, NULL);
	add(session, NEXT, "run", NULL, -1, "{\"command\":\"batch\",\"text\":\"Zürich \\\"x\\\" 1.50\"}");
	add(session, NEXT, "baseline", NULL, -1, "{\"objects\":[[1,2]]}");
	add(session, NEXT, "intent", "010", 2, "{\"tag\":\"CREATE INDEX\"}");
	expect_status(ledger_last_run(session, arena, &rows, &err), OK, &err);
	assert_int_equal(rows.count, 3);
	assert_int_equal(rows.items[0].seq, 4);
	assert_string_equal(rows.items[0].run_id, NEXT);
	assert_string_equal(rows.items[0].body, "{\"text\": \"Zürich \\\"x\\\" 1.50\", \"command\": \"batch\"}");
	assert_null(rows.items[0].version);
	assert_int_equal(rows.items[0].step, -1);
	assert_null(rows.items[1].body);
	assert_string_equal(rows.items[2].version, "010");
	assert_int_equal(rows.items[2].step, 2);
	assert_int_equal(strlen(rows.items[2].at), strlen("2026-01-01T00:00:00.000Z"));
	rows = (struct ledger_rows){0};
	expect_status(ledger_newest(session, arena, "baseline", &rows, &err), OK, &err);
	assert_string_equal(rows.items[0].body, "{\"objects\": [[1, 2]]}");
	rows = (struct ledger_rows){0};
	expect_status(ledger_newest(session, arena, "approval", &rows, &err), OK, &err);
	assert_int_equal(rows.count, 0);
	expect_status(ledger_all(session, arena, "run", &rows, &err), OK, &err);
	assert_int_equal(rows.count, 2);
	expect_status(ledger_check_chain(session, &err), OK, &err);
	assert_value(session,
	             "SELECT string_agg(concat_ws(' ', plan_id, outcome, ended_at IS NULL), ', ' ORDER BY began_at) "
	             "FROM pgsluice.runs",
	             "abc passed f, t");
	add(session, NEXT, "journal", NULL, -1, "{\"trace\":[{\"version\":\"010\",\"duration_ms\":7}]}");
	assert_value(session,
	             "SELECT string_agg(concat_ws(' ', version, step, kind, tag, outcome, duration_ms), ', ' ORDER BY seq)"
	             "FROM pgsluice.journal",
	             "010 2 intent CREATE INDEX, 010 migration committed 7");
}

static void rows_cannot_be_changed_or_taken_away(void **state)
{
	(void)state;
	static const char *const TRIES[][2] = {
		{"UPDATE pgsluice.ledger SET kind = 'x'", "the ledger is append-only: UPDATE is refused"},
		{"DELETE FROM pgsluice.ledger WHERE false", "the ledger is append-only: DELETE is refused"},
		{"TRUNCATE pgsluice.ledger", "the ledger is append-only: TRUNCATE is refused"},
	};
	_cleanup_session_ struct session *session = with_ledger();
	add(session, FIRST, "run", NULL, -1, NULL);
	for (int round = 0; round < 2; round++) {
		for (size_t i = 0; i < sizeof(TRIES) / sizeof(TRIES[0]); i++) {
			_cleanup_error_ struct error err = {0};
			expect_status(session_exec(session, TRIES[i][0], &err), FAIL_INTERNAL, &err);
			assert_string_equal(err.message, TRIES[i][1]);
			assert_string_equal(err.sqlstate, "55000");
		}
		must_exec(session, "SET session_replication_role = replica");
	}
	add(session, FIRST, "end", NULL, -1, NULL);
	must_exec(session, "INSERT INTO pgsluice.ledger (seq, at, run_id, kind, previous, hash) VALUES "
	                   "(1, '1999-01-01', gen_random_uuid(), 'x', 'y', 'z')");
	_cleanup_error_ struct error err = {0};
	expect_status(ledger_check_chain(session, &err), OK, &err);
}

static void chain_check_names_the_first_broken_row(void **state)
{
	(void)state;
	_cleanup_error_ struct error err = {0};
	_cleanup_session_ struct session *session = with_ledger();
	for (int i = 0; i < 5; i++)
		add(session, FIRST, "step", "001", i, "{\"a\":1}");
	must_exec(session, "BEGIN");
	tamper(session, "UPDATE pgsluice.ledger SET step = 99 WHERE seq IN (3, 4)");
	must_be_broken(session, "the ledger is broken at row 3: its content was changed");
	must_exec(session, "ROLLBACK; BEGIN");
	tamper(session, "DELETE FROM pgsluice.ledger WHERE seq = 2");
	must_be_broken(session, "the ledger is broken at row 3: rows before it are missing");
	must_exec(session, "ROLLBACK; BEGIN");
	tamper(session, "DELETE FROM pgsluice.ledger WHERE seq = 1");
	must_be_broken(session, "the ledger is broken at row 2: rows before it are missing");
	must_exec(session, "ROLLBACK; BEGIN");
	tamper(session, "DELETE FROM pgsluice.ledger WHERE seq = 2; UPDATE pgsluice.ledger SET seq = seq - 1 "
	                "WHERE seq > 2");
	must_be_broken(session, "the ledger is broken at row 2: it does not follow from the row before it");
	must_exec(session, "ROLLBACK");
	expect_status(ledger_check_chain(session, &err), OK, &err);
}

static void disabled_triggers_are_seen(void **state)
{
	(void)state;
	static const char *const CHANGES[] = {
		"ALTER TABLE pgsluice.ledger DISABLE TRIGGER ledger_refuse",
		"ALTER TABLE pgsluice.ledger ENABLE TRIGGER ledger_append",
		"DROP TRIGGER ledger_refuse ON pgsluice.ledger",
	};
	_cleanup_session_ struct session *session = with_ledger();
	for (size_t i = 0; i < sizeof(CHANGES) / sizeof(CHANGES[0]); i++) {
		_cleanup_error_ struct error err = {0};
		must_exec(session, "BEGIN");
		must_exec(session, CHANGES[i]);
		must_be_broken(session, "the ledger's triggers are missing, disabled or changed");
		expect_status(ledger_setup(session, &err), FAIL_REFUSED, &err);
		must_exec(session, "ROLLBACK");
	}
}

static void two_writers_cannot_fork_the_chain(void **state)
{
	(void)state;
	_cleanup_error_ struct error err = {0};
	_cleanup_session_ struct session *first = with_ledger();
	_cleanup_session_ struct session *second = open_session(SESSION_READ_WRITE);
	const struct ledger_entry entry = {.run_id = NEXT, .kind = "step", .version = "001", .step = 0};
	struct pipeline_item item = ledger_item(arena, &entry);
	must_exec(first, "BEGIN");
	add(first, FIRST, "step", "001", 0, NULL);
	expect_status(session_send(second, item.sql, item.count, item.parameters, &err), OK, &err);
	await(first, arena_printf(arena, "SELECT count(*) = 1 FROM pg_locks WHERE NOT granted AND pid = %d",
	                          session_backend_pid(second)));
	must_exec(first, "COMMIT");
	expect_status(session_result(second, NULL, &err), FAIL_INTERNAL, &err);
	assert_string_equal(err.sqlstate, "23505");
	expect_status(ledger_add(second, &entry, &err), OK, &err);
	expect_status(ledger_check_chain(second, &err), OK, &err);
}

static void row_of_a_step_goes_with_its_transaction(void **state)
{
	(void)state;
	_cleanup_error_ struct error err = {0};
	_cleanup_session_ struct session *session = with_ledger();
	must_exec(session, "BEGIN");
	add(session, FIRST, "step", "001", 0, NULL);
	must_exec(session, "ROLLBACK");
	add(session, FIRST, "step", "001", 0, NULL);
	assert_value(session, "SELECT max(seq) FROM pgsluice.ledger", "1");
	expect_status(ledger_check_chain(session, &err), OK, &err);
}

static void role_without_the_right_is_told_what_to_grant(void **state)
{
	(void)state;
	_cleanup_error_ struct error err = {0};
	_cleanup_session_ struct session *owner = open_session(SESSION_READ_WRITE);
	must_exec(owner, "DO $$ BEGIN CREATE ROLE ledger_keeper LOGIN; EXCEPTION WHEN duplicate_object THEN END $$");
	const struct session_options options = {
		.conninfo = getenv("PGSLUICE_TEST_CONNINFO"), .user = "ledger_keeper", .access = SESSION_READ_WRITE};
	_cleanup_session_ struct session *session = open_with(&options);
	expect_status(ledger_setup(session, &err), FAIL_USAGE, &err);
	assert_string_equal(err.message,
	                    arena_printf(arena,
	                                 "role ledger_keeper may not create the schema of the ledger in database %s",
	                                 session_database(session)));
	assert_string_equal(err.hint, arena_printf(arena,
	                                           "Have an administrator run: CREATE SCHEMA pgsluice AUTHORIZATION"
	                                           " \"ledger_keeper\"; or: GRANT CREATE ON DATABASE %s TO"
	                                           " \"ledger_keeper\";",
	                                           quote_ident(arena, session_database(session))));
	must_exec(owner, arena_printf(arena, "GRANT CREATE ON DATABASE %s TO ledger_keeper",
	                              quote_ident(arena, session_database(session))));
	expect_status(ledger_setup(session, &err), OK, &err);
	add(session, FIRST, "run", NULL, -1, NULL);
	expect_status(ledger_check_chain(session, &err), OK, &err);
	must_exec(owner, arena_printf(arena, "DROP SCHEMA pgsluice CASCADE; DROP OWNED BY ledger_keeper"));
}

#define on_none(name) cmocka_unit_test_setup_teardown(name, without_ledger, end_test)

int main(void)
{
	const struct CMUnitTest tests[] = {
		on_none(setup_is_whole_and_can_be_repeated),
		on_none(rows_are_chained_and_read_back),
		on_none(rows_cannot_be_changed_or_taken_away),
		on_none(chain_check_names_the_first_broken_row),
		on_none(disabled_triggers_are_seen),
		on_none(two_writers_cannot_fork_the_chain),
		on_none(row_of_a_step_goes_with_its_transaction),
		on_none(role_without_the_right_is_told_what_to_grant),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
