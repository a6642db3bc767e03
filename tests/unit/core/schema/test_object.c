#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/schema/object.h"

/* Rows as "kind name = definition", one a line. */
static struct schema schema_of(struct arena *arena, const char *rows)
{
	struct schema schema = {0};
	while (*rows) {
		size_t length = strcspn(rows, "\n");
		char *row = arena_strndup(arena, rows, length);
		char *name = strchr(row, ' '), *definition = strstr(row, " = ");
		*name = *definition = '\0';
		struct schema_object object = {row, name + 1, definition + 3};
		list_push(arena, &schema, object);
		rows += length + (rows[length] == '\n');
	}
	schema_sort(&schema);
	return schema;
}

static const char *text_of(struct arena *arena, const struct schema *schema)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	for (size_t i = 0; i < schema->count; i++)
		strbuf_printf(&text, "%s%s %s = %s", i ? "\n" : "", schema->items[i].kind, schema->items[i].name,
		              schema->items[i].definition);
	return arena_strdup(arena, strbuf_text(&text));
}

static const char *differences_of(struct arena *arena, const char *before_rows, const char *after_rows)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	struct schema before = schema_of(arena, before_rows), after = schema_of(arena, after_rows);
	struct schema_difference_list list;
	schema_compare(arena, &before, &after, &list);
	for (size_t i = 0; i < list.count; i++)
		strbuf_printf(&text, "%s%s", i ? "\n" : "", schema_difference_text(arena, &list.items[i]));
	return arena_strdup(arena, strbuf_text(&text));
}

static void the_digest_depends_on_rows_and_not_on_their_order(void **state)
{
	_cleanup_arena_ struct arena *arena = arena_open();
	(void)state;
	struct schema one = schema_of(arena, "table a = x\ntable b = y\nindex a = z");
	struct schema same = schema_of(arena, "index a = z\ntable b = y\ntable a = x");
	struct schema moved = schema_of(arena, "table a = xtable\ntable b = y\nindex a = z");
	struct schema fewer = schema_of(arena, "table a = x\ntable b = y");
	assert_string_equal(schema_digest(&one).hex, schema_digest(&same).hex);
	assert_string_not_equal(schema_digest(&one).hex, schema_digest(&moved).hex);
	assert_string_not_equal(schema_digest(&one).hex, schema_digest(&fewer).hex);
}

static void differences_name_each_object(void **state)
{
	static const struct {
		const char *before, *after, *text;
	} CASES[] = {
		{"", "", ""},
		{"table a = x", "table a = x", ""},
		{"table a = x", "", "table a: missing"},
		{"", "table a = x", "table a: added"},
		{"table a = x", "table a = y", "table a: changed from \"x\" to \"y\""},
		{"table a = x\ntable c = x", "table b = x\ntable c = y",
	         "table a: missing\ntable b: added\ntable c: changed from \"x\" to \"y\""},
		{"zone a = x", "area a = x", "area a: added\nzone a: missing"},
		/* one name, several rows: equal ones cancel out first */
		{"cast a = x\ncast a = y", "cast a = y\ncast a = z", "cast a: changed from \"x\" to \"z\""},
		{"cast a = x\ncast a = y", "cast a = y", "cast a: missing"},
		{"cast a = y", "cast a = y\ncast a = y", "cast a: added"},
		{"database  = UTF8", "database  = LATIN1", "database: changed from \"UTF8\" to \"LATIN1\""},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
		_cleanup_arena_ struct arena *arena = arena_open();
		const char *text = differences_of(arena, CASES[i].before, CASES[i].after);
		if (strcmp(text, CASES[i].text) != 0)
			fail_msg("row %zu:\n%s", i, text);
	}
}

static void long_definitions_are_shown_around_their_difference(void **state)
{
	_cleanup_arena_ struct arena *arena = arena_open();
	(void)state;
	assert_string_equal(
		differences_of(arena,
	                       "column t.c = position 1 type character varying(10) not null default 'abcdefghijklmnop'",
	                       "column t.c = position 1 type character varying(20) not null default 'abcdefghijklmnop'"),
		"column t.c: changed from \"... type character varying(10) not null default 'abc...\" "
		"to \"... type character varying(20) not null default 'abc...\"");
}

#define EACUTE "\xC3\xA9"
#define EGRAVE "\xC3\xA8"
#define SIX_EACUTE EACUTE EACUTE EACUTE EACUTE EACUTE EACUTE

static void a_cut_never_splits_a_character(void **state)
{
	_cleanup_arena_ struct arena *arena = arena_open();
	(void)state;
	assert_string_equal(
		differences_of(arena, "comment t = " SIX_EACUTE SIX_EACUTE SIX_EACUTE "_" EACUTE,
	                       "comment t = " SIX_EACUTE SIX_EACUTE SIX_EACUTE "_" EGRAVE),
		"comment t: changed from \"..." SIX_EACUTE EACUTE EACUTE EACUTE EACUTE EACUTE "_" EACUTE "\" to \"..."
		SIX_EACUTE EACUTE EACUTE EACUTE EACUTE EACUTE "_" EGRAVE "\"");
}

static void names_from_the_database_are_made_safe(void **state)
{
	_cleanup_arena_ struct arena *arena = arena_open();
	(void)state;
	assert_string_equal(differences_of(arena, "table a\x1b[31m = x", ""), "table a\xE2\x90\x9B[31m: missing");
}

static void the_promise_is_the_base_with_the_change_made_to_it(void **state)
{
	static const struct {
		const char *base, *before, *after, *promise;
	} CASES[] = {
		{"table a = x", "table a = x", "table a = y", "table a = y"},
		{"table a = x\ntable b = live", "table a = x", "table a = x\nindex i = new",
	         "index i = new\ntable a = x\ntable b = live"},
		{"table a = x\ntable b = live", "table a = x\ntable b = old", "table b = old", "table b = live"},
		{"table a = live", "table a = x", "", ""},
		{"", "table a = x", "table a = y", "table a = y"},
		{"table a = live", "", "table a = y", "table a = y"},
		{"cast a = x\ncast a = y", "cast a = x\ncast a = y", "cast a = x", "cast a = x"},
		{"cast a = x\ncast a = y", "cast a = x\ncast a = y", "cast a = x\ncast a = z", "cast a = x\ncast a = z"},
		{"", "", "", ""},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
		_cleanup_arena_ struct arena *arena = arena_open();
		struct schema base = schema_of(arena, CASES[i].base), before = schema_of(arena, CASES[i].before);
		struct schema after = schema_of(arena, CASES[i].after), promise;
		schema_promise(arena, &base, &before, &after, &promise);
		if (strcmp(text_of(arena, &promise), CASES[i].promise) != 0)
			fail_msg("row %zu:\n%s", i, text_of(arena, &promise));
		assert_string_equal(text_of(arena, &base), CASES[i].base);
	}
}

/* Whatever changed from before to after: made to `before` itself it gives `after`. */
static void the_promise_of_before_is_after(void **state)
{
	(void)state;
	srandom(1);
	for (int round = 0; round < 300; round++) {
		_cleanup_arena_ struct arena *arena = arena_open();
		struct schema sides[2] = {{0}, {0}}, promise;
		for (int i = 0; i < 24; i++) {
			struct schema_object object = {
				.kind = random() % 2 ? "index" : "table",
				.name = arena_printf(arena, "n%ld", random() % 5),
				.definition = arena_printf(arena, "d%ld", random() % 3),
			};
			struct schema *side = &sides[random() % 2];
			list_push(arena, side, object);
		}
		schema_sort(&sides[0]);
		schema_sort(&sides[1]);
		schema_promise(arena, &sides[0], &sides[0], &sides[1], &promise);
		assert_string_equal(text_of(arena, &promise), text_of(arena, &sides[1]));
	}
}

static void json_brings_the_same_rows_back(void **state)
{
	_cleanup_arena_ struct arena *arena = arena_open();
	_cleanup_error_ struct error err = {0};
	(void)state;
	struct schema schema = schema_of(arena, "table a = x\nindex b = y"), back = {0};
	_cleanup_json_ struct json *value = schema_json(&schema);
	assert_int_equal(schema_read(arena, value, &back, &err), OK);
	assert_string_equal(text_of(arena, &back), "index b = y\ntable a = x");
	assert_string_equal(schema_digest(&schema).hex, schema_digest(&back).hex);
}

static void json_of_another_form_is_refused(void **state)
{
	static const struct {
		const char *text, *message;
	} CASES[] = {
		{"{}", "a recorded schema must be an array of objects"},
		{"[[\"a\",\"b\",\"c\"],[\"a\",\"b\"]]",
	         "object 2 of a recorded schema must be kind, name and definition"},
		{"[[\"a\",\"b\",1]]", "object 1 of a recorded schema must be kind, name and definition"},
		{"[{}]", "object 1 of a recorded schema must be kind, name and definition"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
		_cleanup_arena_ struct arena *arena = arena_open();
		_cleanup_error_ struct error err = {0};
		_cleanup_json_ struct json *value = NULL;
		struct schema untouched = {0};
		assert_int_equal(json_parse(CASES[i].text, strlen(CASES[i].text), &value, &err), OK);
		assert_int_equal(schema_read(arena, value, &untouched, &err), FAIL_REFUSED);
		assert_string_equal(err.message, CASES[i].message);
		assert_int_equal(untouched.count, 0);
	}
}

static void parts_of_a_table_are_told_by_name_and_definition(void **state)
{
	static const struct {
		struct schema_object object;
		bool belongs;
	} CASES[] = {
		{{"column", "public.t.a", "#1 integer"}, true},
		{{"column", "public.t2.a", "#1 integer"}, false},
		{{"column", "public.\"t.a\".b", "#1 integer"}, false},
		{{"constraint", "public.t.t_pkey", "PRIMARY KEY (a)"}, true},
		{{"trigger", "public.t.checked", "CREATE TRIGGER"}, true},
		{{"policy", "public.t.own", "for *"}, true},
		{{"rule", "public.u.own", "CREATE RULE"}, false},
		{{"index", "public.x", "CREATE INDEX x ON public.t USING btree (a)"}, true},
		{{"index", "public.x", "CREATE UNIQUE INDEX x ON ONLY public.t USING btree (a) invalid"}, true},
		{{"index", "public.x", "CREATE INDEX \"x ON public.t USING \"\" \" ON public.u USING btree (a)"}, false},
		{{"index", "public.x", "CREATE INDEX x ON public.u USING btree ((' ON public.t USING '))"}, false},
		{{"index", "public.x", "CREATE INDEX x ON public.t2 USING btree (a)"}, false},
		{{"sequence", "public.t_a_seq", "owner me integer start 1 owned by public.t a"}, true},
		{{"sequence", "public.t_a_seq", "owner me integer start 1 identity of public.t a"}, true},
		{{"sequence", "public.t_a_seq", "owner me integer start 1 owned by public.t2 a"}, false},
		{{"statistics", "public.s", "CREATE STATISTICS public.s ON a, b FROM public.t owner me"}, true},
		{{"comment", "table public.t", "text"}, true},
		{{"comment", "table column public.t.a", "text"}, true},
		{{"comment", "trigger checked on public.t", "text"}, true},
		{{"comment", "table public.not_t", "text"}, false},
		{{"table", "public.t", "owner me"}, false},
		{{"function", "public.t.f()", "text"}, false},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++)
		if (schema_belongs(&CASES[i].object, "public.t") != CASES[i].belongs)
			fail_msg("%s %s", CASES[i].object.kind, CASES[i].object.name);
}

static void what_stays_is_kept_once_and_what_is_new_is_copied(void **state)
{
	struct schema_object old_rows[] = {
		{"table", "public.a", "x"}, {"table", "public.b", "x"}, {"view", "public.v", "x"}};
	struct schema old = {.items = old_rows, .count = 3};
	_cleanup_arena_ struct arena *lists = arena_open(), *texts = arena_open();
	struct arena *passing = arena_open();
	struct schema now = {0}, kept;
	(void)state;
	list_push(passing, &now, ((struct schema_object){"table", arena_strdup(passing, "public.a"), "x"}));
	list_push(passing, &now, ((struct schema_object){"table", arena_strdup(passing, "public.b"), "changed"}));
	list_push(passing, &now, ((struct schema_object){"table", arena_strdup(passing, "public.c"), "x"}));
	struct digest digest = schema_digest(&now);
	schema_keep(lists, texts, &old, &now, &kept);
	arena_close(passing);
	assert_string_equal(schema_digest(&kept).hex, digest.hex);
	assert_ptr_equal(kept.items[0].name, old_rows[0].name);
	assert_string_equal(kept.items[1].definition, "changed");
	assert_string_equal(kept.items[2].name, "public.c");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_digest_depends_on_rows_and_not_on_their_order),
		cmocka_unit_test(differences_name_each_object),
		cmocka_unit_test(long_definitions_are_shown_around_their_difference),
		cmocka_unit_test(a_cut_never_splits_a_character),
		cmocka_unit_test(names_from_the_database_are_made_safe),
		cmocka_unit_test(the_promise_is_the_base_with_the_change_made_to_it),
		cmocka_unit_test(the_promise_of_before_is_after),
		cmocka_unit_test(parts_of_a_table_are_told_by_name_and_definition),
		cmocka_unit_test(what_stays_is_kept_once_and_what_is_new_is_copied),
		cmocka_unit_test(json_brings_the_same_rows_back),
		cmocka_unit_test(json_of_another_form_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
