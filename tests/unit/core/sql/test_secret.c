#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/sql/secret.h"

static struct arena *arena;

static int open_arena(void **state)
{
	(void)state;
	arena = arena_open();
	return 0;
}

static int close_arena(void **state)
{
	(void)state;
	arena_close(arena);
	return 0;
}

struct text_row {
	const char *text, *expected;
};

static void passwords_are_stripped_from_any_text(void **state)
{
	(void)state;
	static const struct text_row ROWS[] = {
		{"CREATE ROLE me PASSWORD 'x' LOGIN", "CREATE ROLE me PASSWORD '***' LOGIN"},
		{"alter role me encrypted password E'x\\ny'", "alter role me encrypted password E'***'"},
		{"PASSWORD 'it''s one' VALID UNTIL 'now'", "PASSWORD '***' VALID UNTIL 'now'"},
		{"PASSWORD $$x$$;", "PASSWORD $$***$$;"},
		{"PASSWORD $a$x$$y$a$;", "PASSWORD $a$***$a$;"},
		{"OPTIONS (user 'u', password 'x')", "OPTIONS (user 'u', password '***')"},
		{"host=h password=x dbname=d", "host=h password=*** dbname=d"},
		{"host=h sslpassword = 'x y' port=1", "host=h sslpassword = '***' port=1"},
		{"CONNECTION 'host=h password=x port=1'", "CONNECTION 'host=h password=*** port=1'"},
		{"CONNECTION 'password=''x y'' port=1'", "CONNECTION 'password=''***'' port=1'"},
		{"options password=x,user=u", "options password=***,user=u"},
		{"postgresql://u:x@h/d", "postgresql://u:***@h/d"},
		{"'postgresql://u:x/y@z@h:1/d?a=b'", "'postgresql://u:***@h:1/d?a=b'"},
		{"{\"db_password\": \"x\"}", "{\"db_password\": \"***\"}"},
		{"app.jwt_secret=x", "app.jwt_secret=***"},
		{"SET \"app.jwt_secret\" TO 'x'", "SET \"app.jwt_secret\" TO '***'"},
		{"jsonb_build_object('password', 'x')", "jsonb_build_object('password', '***')"},
		{"'BEGIN CREATE ROLE me PASSWORD ''x''; END'", "'BEGIN CREATE ROLE me PASSWORD ''***''; END'"},
		{"PASSWORD 'unfinished", "PASSWORD '***"},
		/* and nothing else */
		{"PASSWORD '' VALID UNTIL ''", "PASSWORD '' VALID UNTIL ''"},
		{"PASSWORD NULL", "PASSWORD NULL"},
		{"password text NOT NULL", "password text NOT NULL"},
		{"password authentication failed for user \"me\"", "password authentication failed for user \"me\""},
		{"column \"password\" of relation \"users\"", "column \"password\" of relation \"users\""},
		{"Check the password: ~/.pgpass or PGPASSWORD.", "Check the password: ~/.pgpass or PGPASSWORD."},
		{"password = crypt(new.password, salt)", "password = crypt(new.password, salt)"},
		{"password=crypt(new.password, salt)", "password=crypt(new.password, salt)"},
		{"see https://host/path", "see https://host/path"},
		{"mail me@host or https://host:80/", "mail me@host or https://host:80/"},
		{"", ""},
	};
	for (size_t i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++) {
		const char *got = secret_strip(arena, ROWS[i].text);
		if (strcmp(got, ROWS[i].expected) != 0)
			fail_msg("%s\n  gives    %s\n  expected %s", ROWS[i].text, got, ROWS[i].expected);
	}
	assert_null(secret_strip(arena, NULL));
}

static void statements_that_speak_of_passwords_are_known(void **state)
{
	(void)state;
	static const char *const YES[] = {
		"CREATE ROLE x PASSWORD 'y'", "create table users (password_hash text)", "SELECT crypt('x', 'y')",
		"SELECT pgp_sym_encrypt(a, 'b')", "SELECT dblink('postgresql://u:p@h/d')", "SET app.jwt_secret = 'x'",
	};
	static const char *const NO[] = {
		"CREATE TABLE t (a int)", "SELECT 'https://host/'", "SELECT 'a@b'", "", "SELECT pass FROM secre",
	};
	for (size_t i = 0; i < sizeof(YES) / sizeof(YES[0]); i++)
		if (!secret_mentioned(YES[i]))
			fail_msg("%s", YES[i]);
	for (size_t i = 0; i < sizeof(NO) / sizeof(NO[0]); i++)
		if (secret_mentioned(NO[i]))
			fail_msg("%s", NO[i]);
}

struct saying_row {
	const char *sql, *said, *expected;
	bool literals;
};

static void what_the_server_says_is_without_the_statements_passwords(void **state)
{
	(void)state;
	static const struct saying_row ROWS[] = {
		{"CREATE ROLE me PASSWORD 'x'", "role \"me\" already exists", "role \"me\" already exists", true},
		{"CREATE ROLE me PASSWORD xyz", "syntax error at or near \"xyz\"", "syntax error at or near \"***\"", false},
		{"CREATE ROLE me PASSWORD xy-z", "syntax error at or near \"xy\"", "syntax error at or near \"***\"", false},
		{"DO $$ BEGIN CREATE ROLE me PASSWORD 'x'; END $$", "role \"me\" already exists",
		 "role \"me\" already exists", true},
		{"CREATE ROLE me PASSWORD \"xyz\"", "syntax error at or near \"\"xyz\"\"",
		 "syntax error at or near \"\"***\"\"", false},
		{"ALTER ROLE me PASSWORD 'a' VALID UNTIL 'a b'", "invalid input: \"a b\" for a of ab",
		 "invalid input: \"*** b\" for *** of ab", false},
		{"ALTER ROLE me PASSWORD 'a' VALID UNTIL 'a b'", "invalid input: \"a b\" for a of ab",
		 "invalid input: \"***\" for *** of ab", true},
		{"CREATE SUBSCRIPTION s CONNECTION 'host=h password=ab cd' PUBLICATION p",
		 "missing \"=\" after \"cd\" in connection info string",
		 "missing \"=\" after \"***\" in connection info string", true},
		{"DO $$ BEGIN EXECUTE format('ALTER ROLE %I PASSWORD %L', 'me', 'it''s'); END $$",
		 "it's not in 'it''s'", "*** not in '***'", true},
		{"CREATE TABLE users (password txt)", "type \"txt\" does not exist", "type \"txt\" does not exist", false},
		{"SELECT 'abc'", "what abc", "what abc", true},
	};
	for (size_t i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++) {
		const char *got = secret_conceal(arena, ROWS[i].said, ROWS[i].sql, ROWS[i].literals);
		if (strcmp(got, ROWS[i].expected) != 0)
			fail_msg("%s\n  says     %s\n  expected %s", ROWS[i].sql, got, ROWS[i].expected);
	}
	assert_null(secret_conceal(arena, NULL, "PASSWORD 'x'", true));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(passwords_are_stripped_from_any_text, open_arena, close_arena),
		cmocka_unit_test_setup_teardown(statements_that_speak_of_passwords_are_known, open_arena, close_arena),
		cmocka_unit_test_setup_teardown(what_the_server_says_is_without_the_statements_passwords, open_arena,
		                                close_arena),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
