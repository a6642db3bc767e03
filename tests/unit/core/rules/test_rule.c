#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "../migration/sets.h"
#include "core/rules/rule.h"

static const char *const LIVE[] = {"public.t", "public.u", "app.v"};
static const char *const INVALID[] = {"public.i", "app.j"};
static const struct text_list LIVE_TABLES = {.items = (const char **)LIVE, .count = 3};
static const struct text_list INVALID_INDEXES = {.items = (const char **)INVALID, .count = 2};

/* Findings of one pending migration over the facts above: "severity rule line: message". */
static void check_texts(struct arena *arena, struct finding_list *findings, const char *up, const char *down)
{
	_cleanup_error_ struct error err = {0};
	struct migration_set *set = arena_alloc(arena, sizeof(*set));
	struct plan plan = {.set = set};
	struct rule_facts facts = {.invalid_indexes = &INVALID_INDEXES, .tables = &LIVE_TABLES};
	struct text_file files[] = {{"001_a.sql", up}, {"001_a.down.sql", down}, {0}};

	if (read_texts(arena, files, set, &err) != OK)
		fail_msg("%s: %s", up, err.message);
	const struct migration *migration = set->items;
	list_push(arena, &plan.pending, migration);
	rules_check(arena, &plan, &facts, findings);
}

static void write_findings(struct strbuf *out, const struct finding_list *findings)
{
	for (size_t i = 0; i < findings->count; i++) {
		const struct finding *finding = &findings->items[i];
		strbuf_printf(out, "%s%s %s %ld: %s%s%s%s", i ? "; " : "",
		              finding->severity == SEVERITY_ERROR ? "error" : "warning", finding->rule, finding->line,
		              finding->message, finding->allowed_because ? " (allowed because " : "",
		              finding->allowed_because ? finding->allowed_because : "",
		              finding->allowed_because ? ")" : "");
	}
}

struct row {
	const char *sql, *expected;
};

static void check_rows(const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		_cleanup_arena_ struct arena *arena = arena_open();
		_cleanup_strbuf_ struct strbuf out = {0};
		struct finding_list findings = {0};
		check_texts(arena, &findings, rows[i].sql, "");
		write_findings(&out, &findings);
		if (strcmp(strbuf_text(&out), rows[i].expected) != 0)
			fail_msg("%s\n  expected: %s\n  got:      %s", rows[i].sql, rows[i].expected, strbuf_text(&out));
	}
}

#define CHECK(rows) check_rows(rows, sizeof(rows) / sizeof((rows)[0]))

static void what_cannot_be_in_a_transaction_is_found_inside_begin(void **state)
{
	(void)state;
	static const struct row ROWS[] = {
		{"BEGIN;\nCREATE INDEX CONCURRENTLY x ON t (a); COMMIT",
	         "error transaction-block 2: CREATE INDEX CONCURRENTLY cannot run inside BEGIN"},
		{"BEGIN; VACUUM t; COMMIT", "error transaction-block 1: VACUUM cannot run inside BEGIN"},
		{"BEGIN; COMMIT; VACUUM t; BEGIN; COMMIT", ""},
		{"VACUUM t", ""},
	};
	CHECK(ROWS);

	_cleanup_arena_ struct arena *arena = arena_open();
	_cleanup_strbuf_ struct strbuf out = {0};
	struct finding_list findings = {0};
	check_texts(arena, &findings, "", "BEGIN; DROP INDEX CONCURRENTLY x; COMMIT; CREATE INDEX ON t (a)");
	write_findings(&out, &findings);
	assert_string_equal(strbuf_text(&out),
	                    "error transaction-block 1: DROP INDEX CONCURRENTLY cannot run inside BEGIN");
	assert_string_equal(findings.items[0].file, "m/001_a.down.sql");
	assert_string_equal(findings.items[0].hint, "End the block with COMMIT before the statement, or remove the file's "
	                                            "BEGIN and COMMIT: the statement is a step of its own then.");
}

static void if_not_exists_over_an_invalid_index_is_found(void **state)
{
	(void)state;
	static const struct row ROWS[] = {
		{"CREATE INDEX CONCURRENTLY IF NOT EXISTS i ON t (a)",
	         "error invalid-index 1: IF NOT EXISTS would pass over the invalid index i and leave it so"},
		{"CREATE INDEX CONCURRENTLY IF NOT EXISTS j ON app.v (a)",
	         "error invalid-index 1: IF NOT EXISTS would pass over the invalid index app.j and leave it so"},
		{"CREATE INDEX CONCURRENTLY IF NOT EXISTS j ON public.t (a)", ""},
		{"CREATE INDEX CONCURRENTLY IF NOT EXISTS good ON t (a)", ""},
		{"CREATE INDEX CONCURRENTLY i ON t (a)", ""},
		{"DROP INDEX CONCURRENTLY IF EXISTS i; CREATE INDEX CONCURRENTLY IF NOT EXISTS i ON t (a)", ""},
	};
	CHECK(ROWS);
}

static void an_index_that_stops_writers_is_found(void **state)
{
	(void)state;
	static const struct row ROWS[] = {
		{"CREATE INDEX ON t (a)", "warning index-lock 1: writers of t wait while the index is built"},
		{"CREATE UNIQUE INDEX x ON app.v (a)", "warning index-lock 1: writers of app.v wait while the index is built"},
		{"CREATE INDEX CONCURRENTLY x ON t (a)", ""},
		{"CREATE INDEX ON ONLY t (a)", ""},
		{"CREATE INDEX ON not_there (a)", ""},
		{"CREATE TABLE n (a int); CREATE INDEX ON n (a)", ""},
		{"CREATE TABLE IF NOT EXISTS t (a int); CREATE INDEX ON t (a)",
	         "warning index-lock 1: writers of t wait while the index is built"},
		{"DROP TABLE t; CREATE TABLE t (a int); CREATE INDEX ON t (a)", ""},
		{"CREATE TABLE n (a int); ALTER TABLE n RENAME TO m; CREATE INDEX ON m (a)", ""},
		{"ALTER TABLE t RENAME TO u; CREATE INDEX ON u (a)",
	         "warning index-lock 1: writers of u wait while the index is built"},
	};
	CHECK(ROWS);
}

static void a_type_change_is_found(void **state)
{
	(void)state;
	static const struct row ROWS[] = {
		{"ALTER TABLE t ALTER a TYPE bigint, ALTER b TYPE text",
	         "warning type-change 1: changing the type of t.a can rewrite the table while nobody can read it; "
	         "warning type-change 1: changing the type of t.b can rewrite the table while nobody can read it"},
		{"CREATE TABLE n (a int); ALTER TABLE n ALTER a TYPE bigint", ""},
		{"ALTER TABLE t ALTER a SET DEFAULT 1", ""},
		{"ALTER TYPE p ALTER ATTRIBUTE a TYPE bigint", ""},
	};
	CHECK(ROWS);
}

static void a_constraint_that_reads_all_rows_is_found(void **state)
{
	(void)state;
	static const struct row ROWS[] = {
		{"ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES u",
	         "warning constraint-scan 1: writers of t and u wait while the foreign key reads all rows"},
		{"ALTER TABLE t ADD CHECK (a > 0)",
	         "warning constraint-scan 1: nobody can read t while the check reads all rows"},
		{"ALTER TABLE t ADD UNIQUE (a)",
	         "warning constraint-scan 1: nobody can read t while the constraint's index is built"},
		{"ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES u NOT VALID, ADD CHECK (a > 0) NOT VALID", ""},
		{"ALTER TABLE t ADD CONSTRAINT c UNIQUE USING INDEX i", ""},
		{"ALTER TABLE t VALIDATE CONSTRAINT c", ""},
		{"CREATE TABLE n (a int); ALTER TABLE n ADD FOREIGN KEY (a) REFERENCES u", ""},
	};
	CHECK(ROWS);
}

static void allowances_are_used_or_named(void **state)
{
	(void)state;
	static const struct row ROWS[] = {
		{"-- pgsluice:allow index-lock because it is small\nCREATE INDEX ON t (a)",
	         "warning index-lock 2: writers of t wait while the index is built (allowed because it is small)"},
		{"-- pgsluice:allow index-lock because it is small\nSELECT 1",
	         "warning unused-allow 1: nothing in the file needs `allow index-lock`"},
		{"-- pgsluice:allow index-luck because it is small\nSELECT 1",
	         "error unknown-rule 1: there is no rule \"index-luck\" to allow"},
		{"-- pgsluice:allow unparsed because it is new\nFROBNICATE", ""},
		{"-- pgsluice:allow unparsed because it is new\nSELECT 1",
	         "warning unused-allow 1: nothing in the file needs `allow unparsed`"},
	};
	CHECK(ROWS);

	_cleanup_arena_ struct arena *arena = arena_open();
	struct finding_list findings = {0};
	check_texts(arena, &findings, "-- pgsluice:allow index-luck because x\n-- pgsluice:allow zzz because x\n", "");
	assert_string_equal(findings.items[0].hint, "Did you mean \"index-lock\"?");
	assert_string_equal(findings.items[1].hint, "pgsluice-migration(5) lists the rules.");
}

static void every_rule_has_a_row(void **state)
{
	(void)state;
	size_t count = 0;
	for (const struct rule *rule; (rule = rule_at(count)) != NULL; count++)
		assert_true(*rule->name && *rule->meaning);
	assert_int_equal(count, 6);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_cannot_be_in_a_transaction_is_found_inside_begin),
		cmocka_unit_test(if_not_exists_over_an_invalid_index_is_found),
		cmocka_unit_test(an_index_that_stops_writers_is_found),
		cmocka_unit_test(a_type_change_is_found),
		cmocka_unit_test(a_constraint_that_reads_all_rows_is_found),
		cmocka_unit_test(allowances_are_used_or_named),
		cmocka_unit_test(every_rule_has_a_row),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
