#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/text_index.h"

static void what_was_put_is_found_with_its_last_number(void **state)
{
	_cleanup_arena_ struct arena *arena = arena_open();
	struct text_index *index = text_index_new(arena);
	size_t number = 99;
	(void)state;
	assert_false(text_index_find(index, "a", &number));
	assert_int_equal(number, 99);
	text_index_put(index, "a", 1);
	text_index_put(index, "", 2);
	text_index_put(index, arena_strdup(arena, "a"), 3);
	assert_true(text_index_find(index, "a", &number));
	assert_int_equal(number, 3);
	assert_true(text_index_find(index, "", &number));
	assert_int_equal(number, 2);
	assert_true(text_index_find(index, "a", NULL));
	assert_false(text_index_find(index, "A", NULL));
}

static void it_grows_and_loses_nothing(void **state)
{
	enum { MANY = 5000 };
	_cleanup_arena_ struct arena *arena = arena_open();
	struct text_index *index = text_index_new(arena);
	(void)state;
	for (size_t i = 0; i < MANY; i++)
		text_index_put(index, arena_printf(arena, "public.t%zu", i), i);
	for (size_t i = 0; i < MANY; i++) {
		size_t number = MANY;
		assert_true(text_index_find(index, arena_printf(arena, "public.t%zu", i), &number));
		assert_int_equal(number, i);
	}
	assert_false(text_index_find(index, arena_printf(arena, "public.t%d", MANY), NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_put_is_found_with_its_last_number),
		cmocka_unit_test(it_grows_and_loses_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
