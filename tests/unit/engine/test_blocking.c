#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "engine/rehearse/blocking.h"

static struct schema_object LIVE[] = {{.kind = "table", .name = "public.orders"},
                                      {.kind = "table", .name = "public.lines"}};
static const struct schema SCHEMA = {.items = LIVE, .count = 2};

struct fixture {
	struct arena *arena;
	struct trace trace;
};

static struct step_trace *add_step(struct fixture *f, const char *version)
{
	struct migration_trace *migration = list_add(f->arena, &f->trace.migrations);
	migration->version = version;
	return list_add(f->arena, &migration->steps);
}

static void add_statement(struct fixture *f, struct step_trace *step, int64_t duration_ms, enum lock_mode mode,
                          const char *relation)
{
	struct statement_trace *statement = list_add(f->arena, &step->statements);
	statement->duration_ms = duration_ms;
	if (mode != LOCK_NONE)
		relation_lock_add(f->arena, &statement_effects_need(f->arena, statement)->locks, relation, mode);
}

static void a_lock_is_held_until_its_step_ends(void **state)
{
	struct fixture f = {.arena = arena_open()};
	struct blocking_list list;
	size_t next;
	(void)state;
	struct step_trace *step = add_step(&f, "003");
	add_statement(&f, step, 5000, LOCK_NONE, NULL);
	add_statement(&f, step, 10, LOCK_ACCESS_EXCLUSIVE, "public.orders");
	add_statement(&f, step, 2000, LOCK_NONE, NULL);
	blocking_find(f.arena, &f.trace, &SCHEMA, &list);
	assert_int_equal(list.count, 1);
	assert_string_equal(blocking_text(f.arena, &list, 0, &next),
	                    "ACCESS EXCLUSIVE for 2.0 s in 003, no reads, no writes: public.orders");
	arena_close(f.arena);
}

static void what_the_plan_makes_itself_and_weak_locks_block_nobody(void **state)
{
	struct fixture f = {.arena = arena_open()};
	struct blocking_list list;
	(void)state;
	struct step_trace *step = add_step(&f, "003");
	add_statement(&f, step, 10, LOCK_ACCESS_EXCLUSIVE, "public.fresh");
	add_statement(&f, step, 10, LOCK_SHARE_UPDATE_EXCLUSIVE, "public.orders");
	blocking_find(f.arena, &f.trace, &SCHEMA, &list);
	assert_int_equal(list.count, 0);
	arena_close(f.arena);
}

static void the_longest_time_counts_and_the_weightiest_comes_last(void **state)
{
	struct fixture f = {.arena = arena_open()};
	struct blocking_list list;
	size_t next;
	(void)state;
	add_statement(&f, add_step(&f, "001"), 30, LOCK_ACCESS_EXCLUSIVE, "public.lines");
	add_statement(&f, add_step(&f, "002"), 90, LOCK_ACCESS_EXCLUSIVE, "public.lines");
	add_statement(&f, add_step(&f, "003"), 700, LOCK_SHARE, "public.orders");
	add_statement(&f, add_step(&f, "004"), 20, LOCK_SHARE, "public.lines");
	blocking_find(f.arena, &f.trace, &SCHEMA, &list);
	assert_int_equal(list.count, 2);
	assert_string_equal(blocking_text(f.arena, &list, 0, &next),
	                    "SHARE for 700 ms in 003, no writes: public.orders");
	assert_string_equal(blocking_text(f.arena, &list, next, &next),
	                    "ACCESS EXCLUSIVE for 90 ms in 002, no reads, no writes: public.lines");
	arena_close(f.arena);
}

static void tables_that_wait_together_are_told_together(void **state)
{
	struct fixture f = {.arena = arena_open()};
	struct blocking_list list;
	size_t next;
	(void)state;
	struct step_trace *step = add_step(&f, "006");
	add_statement(&f, step, 14, LOCK_SHARE_ROW_EXCLUSIVE, "public.orders");
	relation_lock_add(f.arena, &step->statements.items[0].effects->locks, "public.lines", LOCK_SHARE_ROW_EXCLUSIVE);
	add_statement(&f, add_step(&f, "007"), 1, LOCK_ACCESS_EXCLUSIVE, "public.lines");
	blocking_find(f.arena, &f.trace, &SCHEMA, &list);
	assert_string_equal(blocking_text(f.arena, &list, 0, &next),
	                    "SHARE ROW EXCLUSIVE for 14 ms in 006, no writes: public.lines, public.orders");
	assert_int_equal(next, 2);
	assert_string_equal(blocking_text(f.arena, &list, next, &next),
	                    "ACCESS EXCLUSIVE for 1 ms in 007, no reads, no writes: public.lines");
	assert_int_equal(next, 3);
	arena_close(f.arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_lock_is_held_until_its_step_ends),
		cmocka_unit_test(what_the_plan_makes_itself_and_weak_locks_block_nobody),
		cmocka_unit_test(the_longest_time_counts_and_the_weightiest_comes_last),
		cmocka_unit_test(tables_that_wait_together_are_told_together),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
