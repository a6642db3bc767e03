#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "engine/watch/guard_forecast.h"

static struct schema_object LIVE[] = {{.kind = "table", .name = "public.orders"},
                                      {.kind = "table", .name = "public.lines"}};
static const struct schema SCHEMA = {.items = LIVE, .count = 2};
static const struct settings SETTINGS = {.guard = true, .guard_wait_ms = 1000, .guard_waiting = 5};

/* A plan of one migration of one step. */
struct fixture {
	struct arena *arena;
	struct settings settings;
	struct migration migration;
	struct plan plan;
	struct trace trace;
	struct step_trace *step;
	struct text_list lines;
};

static void begin(struct fixture *f)
{
	f->arena = arena_open();
	f->settings = SETTINGS;
	f->migration = (struct migration){.version = "008", .guard_wait_ms = -1, .guard_waiting = -1};
	list_push(f->arena, &f->plan.pending, &f->migration);
	struct migration_trace *traced = list_add(f->arena, &f->trace.migrations);
	traced->version = "008";
	f->step = list_add(f->arena, &traced->steps);
}

static void add_statement(struct fixture *f, int64_t duration_ms, enum lock_mode mode, const char *relation)
{
	struct statement_trace *statement = list_add(f->arena, &f->step->statements);
	statement->duration_ms = duration_ms;
	if (mode != LOCK_NONE)
		relation_lock_add(f->arena, &statement_effects_need(f->arena, statement)->locks, relation, mode);
}

static void add_change(struct fixture *f, const char *table, int64_t inserted, int64_t updated)
{
	*list_add(f->arena, &f->step->changes) =
		(struct change_count){.table = table, .inserted = inserted, .updated = updated};
}

static void expect(struct fixture *f, const char *first, const char *second)
{
	guard_forecast(f->arena, &f->settings, &f->plan, &f->trace, &SCHEMA, &f->lines);
	assert_int_equal(f->lines.count, (first != NULL) + (second != NULL));
	if (first)
		assert_string_equal(f->lines.items[0], first);
	if (second)
		assert_string_equal(f->lines.items[1], second);
	arena_close(f->arena);
}

static void a_lock_that_is_held_too_long_is_told_with_whom_it_holds_up(void **state)
{
	struct fixture f = {0};
	(void)state;
	begin(&f);
	add_statement(&f, 10, LOCK_ACCESS_EXCLUSIVE, "public.orders");
	add_statement(&f, 400, LOCK_SHARE_ROW_EXCLUSIVE, "public.lines");
	add_statement(&f, 2000, LOCK_NONE, NULL);
	expect(&f, "008: who reads or writes public.orders may wait 2.4 s; guard-wait is 1.0 s",
	       "008: who writes public.lines may wait 2.4 s; guard-wait is 1.0 s");
}

static void rows_that_are_changed_hold_up_who_writes_them(void **state)
{
	struct fixture f = {0};
	(void)state;
	begin(&f);
	add_statement(&f, 2200, LOCK_ROW_EXCLUSIVE, "public.orders");
	add_statement(&f, 2200, LOCK_ROW_EXCLUSIVE, "public.lines");
	add_change(&f, "public.orders", 0, 57000);
	add_change(&f, "public.lines", 57000, 0);
	expect(&f, "008: who writes the same rows of public.orders may wait 4.4 s; guard-wait is 1.0 s", NULL);
}

static void what_ends_in_time_is_not_told(void **state)
{
	struct fixture f = {0};
	(void)state;
	begin(&f);
	add_statement(&f, 5000, LOCK_SHARE_UPDATE_EXCLUSIVE, "public.orders");
	add_statement(&f, 900, LOCK_ACCESS_EXCLUSIVE, "public.orders");
	expect(&f, NULL, NULL);
}

static void what_the_plan_makes_itself_holds_up_nobody(void **state)
{
	struct fixture f = {0};
	(void)state;
	begin(&f);
	add_statement(&f, 5000, LOCK_ACCESS_EXCLUSIVE, "public.fresh");
	expect(&f, NULL, NULL);
}

static void a_migration_has_a_limit_of_its_own(void **state)
{
	struct fixture f = {0};
	(void)state;
	begin(&f);
	f.migration.guard_wait_ms = 10000;
	add_statement(&f, 5000, LOCK_ACCESS_EXCLUSIVE, "public.orders");
	expect(&f, NULL, NULL);
}

static void without_a_guard_or_its_limit_there_is_nothing_to_tell(void **state)
{
	(void)state;
	for (int off = 0; off < 2; off++) {
		struct fixture f = {0};
		begin(&f);
		if (off)
			f.settings.guard = false;
		else
			f.settings.guard_wait_ms = 0;
		add_statement(&f, 5000, LOCK_ACCESS_EXCLUSIVE, "public.orders");
		expect(&f, NULL, NULL);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_lock_that_is_held_too_long_is_told_with_whom_it_holds_up),
		cmocka_unit_test(rows_that_are_changed_hold_up_who_writes_them),
		cmocka_unit_test(what_ends_in_time_is_not_told),
		cmocka_unit_test(what_the_plan_makes_itself_holds_up_nobody),
		cmocka_unit_test(a_migration_has_a_limit_of_its_own),
		cmocka_unit_test(without_a_guard_or_its_limit_there_is_nothing_to_tell),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
