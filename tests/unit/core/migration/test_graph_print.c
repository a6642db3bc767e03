#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/migration/graph_print.h"

struct desk {
	struct arena *arena;
	struct migration_set set;
	struct graph graph;
	struct strbuf text;
	struct error err;
};

struct file {
	const char *name, *text;
};

static void draw(struct desk *desk, const struct file *files, size_t count)
{
	struct source_file *sources = arena_alloc(desk->arena, count * sizeof(*sources));
	for (size_t i = 0; i < count; i++)
		sources[i] = (struct source_file){.name = files[i].name,
		                                  .path = files[i].name,
		                                  .bytes = arena_strdup(desk->arena, files[i].text),
		                                  .length = strlen(files[i].text)};
	assert_int_equal(migrations_read(desk->arena, "m", "history", sources, count, &desk->set, &desk->err), OK);
	assert_int_equal(migrations_parse(desk->arena, &desk->set, NULL, &desk->err), OK);
	assert_int_equal(graph_build(desk->arena, &desk->set, &desk->graph, &desk->err), OK);
}

#define DRAW(desk, files) draw((desk), (files), sizeof(files) / sizeof(*(files)))

static void tree_shows_who_needs_whom_and_why(void **state)
{
	struct desk *desk = *state;
	static const struct file files[] = {
		{"1_a.sql", "create table a (id int);"},
		{"2_b.sql", "create table b (id int);"},
		{"3_c.sql", "-- pgsluice:requires 1\ncreate table c (id int);"},
		{"4_d.sql", "alter table b add column n int;"},
	};
	DRAW(desk, files);
	graph_print_tree(&desk->text, &desk->graph, false);
	assert_string_equal(strbuf_text(&desk->text), "1_a\n"
	                                              "`-- 3_c (declared)\n"
	                                              "2_b\n"
	                                              "`-- 4_d (uses table b, created here)\n");
}

static void part_that_was_shown_is_marked_and_not_repeated(void **state)
{
	struct desk *desk = *state;
	static const struct file files[] = {
		{"1_a.sql", ""},
		{"2_b.sql", ""},
		{"3_c.sql", "-- pgsluice:requires 1 2\n"},
		{"4_d.sql", "-- pgsluice:requires 3\n"},
	};
	DRAW(desk, files);
	graph_print_tree(&desk->text, &desk->graph, true);
	assert_string_equal(strbuf_text(&desk->text), "1_a\n"
	                                              "└── 3_c (declared)\n"
	                                              "    └── 4_d (declared)\n"
	                                              "2_b\n"
	                                              "└── 3_c (declared) (*)\n"
	                                              "\n(*) what needs it is shown above\n");
}

static void tree_leaves_out_what_a_longer_way_says(void **state)
{
	struct desk *desk = *state;
	static const struct file files[] = {
		{"1_a.sql", "create table a (id int);"},
		{"2_b.sql", "alter table a add column n int;"},
		{"3_c.sql", "-- pgsluice:requires 2\nalter table a add column m int;"},
	};
	DRAW(desk, files);
	graph_print_tree(&desk->text, &desk->graph, false);
	assert_string_equal(strbuf_text(&desk->text), "1_a\n"
	                                              "`-- 2_b (uses table a, created here)\n"
	                                              "    `-- 3_c (declared)\n");
}

static void tree_makes_names_safe(void **state)
{
	struct desk *desk = *state;
	static const struct file files[] = {{"1_a\x1b[2J.sql", ""}};
	DRAW(desk, files);
	graph_print_tree(&desk->text, &desk->graph, false);
	assert_string_equal(strbuf_text(&desk->text), "1_a\xE2\x90\x9B[2J\n");
}

static void dot_has_all_edges_and_quotes_its_labels(void **state)
{
	struct desk *desk = *state;
	static const struct file files[] = {
		{"1_a\"b\\.sql", "create table a (id int);"},
		{"2_b.sql", "-- pgsluice:requires 1\n"},
		{"3_c.sql", "alter table a add column m int;"},
	};
	DRAW(desk, files);
	graph_print_dot(&desk->text, &desk->graph);
	assert_string_equal(strbuf_text(&desk->text),
	                    "digraph migrations {\n"
	                    "\trankdir=RL;\n"
	                    "\tnode [shape=box];\n"
	                    "\t\"1\" [label=\"1_a\\\"b\\\\\"];\n"
	                    "\t\"2\" [label=\"2_b\"];\n"
	                    "\t\"3\" [label=\"3_c\"];\n"
	                    "\t\"2\" -> \"1\" [label=\"declared\"];\n"
	                    "\t\"3\" -> \"1\" [style=dashed, label=\"uses table a, created here\"];\n"
	                    "}\n");
}

static void json_has_every_migration_with_what_it_requires(void **state)
{
	struct desk *desk = *state;
	static const struct file files[] = {{"01_a.sql", ""}, {"02_b.sql", "-- pgsluice:requires 1\n"}};
	DRAW(desk, files);
	_cleanup_json_ struct json *document = graph_json(&desk->graph);
	json_write(&desk->text, document);
	assert_string_equal(strbuf_text(&desk->text),
	                    "{\"v\":1,\"migrations\":[{\"version\":\"01\",\"name\":\"a\",\"requires\":[]},"
	                    "{\"version\":\"02\",\"name\":\"b\",\"requires\":[{\"version\":\"01\",\"reason\":"
	                    "\"declared\"}]}]}");
}

static int open_desk(void **state)
{
	static struct desk desk;
	desk = (struct desk){.arena = arena_open()};
	*state = &desk;
	return 0;
}

static int close_desk(void **state)
{
	struct desk *desk = *state;
	strbuf_clear(&desk->text);
	error_clear(&desk->err);
	arena_close(desk->arena);
	return 0;
}

#define DESK_TEST(name) cmocka_unit_test_setup_teardown(name, open_desk, close_desk)

int main(void)
{
	const struct CMUnitTest tests[] = {
		DESK_TEST(tree_shows_who_needs_whom_and_why),
		DESK_TEST(part_that_was_shown_is_marked_and_not_repeated),
		DESK_TEST(tree_leaves_out_what_a_longer_way_says),
		DESK_TEST(tree_makes_names_safe),
		DESK_TEST(dot_has_all_edges_and_quotes_its_labels),
		DESK_TEST(json_has_every_migration_with_what_it_requires),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
