#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/digest.h"
#include "base/list.h"
#include "base/memory.h"
#include "base/strbuf.h"

static void arena_gives_zeroed_aligned_memory_of_any_size(void **state)
{
	static const size_t SIZES[] = {1, 7, 64, 4096, 1 << 20};
	_cleanup_arena_ struct arena *arena = arena_open();
	(void)state;
	for (int round = 0; round < 100; round++) {
		size_t size = SIZES[round % 5];
		unsigned char *block = arena_alloc(arena, size);
		assert_int_equal((uintptr_t)block % _Alignof(max_align_t), 0);
		for (size_t i = 0; i < size; i++)
			assert_int_equal(block[i], 0);
		memset(block, 0xAA, size);
	}
}

static void texts_in_an_arena_do_not_touch_what_stands_beside_them(void **state)
{
	enum { ROUNDS = 3000 };
	_cleanup_arena_ struct arena *arena = arena_open();
	const char *texts[ROUNDS];
	int *numbers[ROUNDS];
	(void)state;
	for (int i = 0; i < ROUNDS; i++) {
		texts[i] = i % 7 ? arena_printf(arena, "%d", i) : arena_printf(arena, "%*d", i, i);
		numbers[i] = arena_alloc(arena, sizeof(int) * (size_t)(i % 5 + 1));
		assert_int_equal((uintptr_t)numbers[i] % _Alignof(max_align_t), 0);
		assert_int_equal(*numbers[i], 0);
		memset(numbers[i], 0x7F, sizeof(int) * (size_t)(i % 5 + 1));
	}
	for (int i = 0; i < ROUNDS; i++) {
		assert_int_equal(strtol(texts[i], NULL, 10), i);
		assert_int_equal(*numbers[i], 0x7F7F7F7F);
	}
}

static void a_buffer_that_only_has_room_is_an_empty_text(void **state)
{
	(void)state;
	memory_free(memset(memory_new(24), 0x7F, 24));
	_cleanup_strbuf_ struct strbuf buffer = {0};
	strbuf_reserve(&buffer, 23);
	assert_string_equal(strbuf_text(&buffer), "");
}

static void arena_copies_live_on_when_their_source_changes(void **state)
{
	_cleanup_arena_ struct arena *arena = arena_open();
	char source[] = "abc";
	const char *copy = arena_strdup(arena, source);
	const char *part = arena_strndup(arena, source, 2);
	(void)state;
	source[0] = 'x';
	assert_string_equal(copy, "abc");
	assert_string_equal(part, "ab");
	assert_null(arena_strdup(arena, NULL));
}

static void list_keeps_its_elements_while_it_grows(void **state)
{
	_cleanup_arena_ struct arena *arena = arena_open();
	LIST(int) numbers = {0};
	(void)state;
	for (int i = 0; i < 1000; i++)
		list_push(arena, &numbers, i);
	assert_int_equal(numbers.count, 1000);
	for (int i = 0; i < 1000; i++)
		assert_int_equal(numbers.items[i], i);
}

static void text_list_takes_each_text_once(void **state)
{
	_cleanup_arena_ struct arena *arena = arena_open();
	struct text_list list = {0};
	(void)state;
	text_list_add_once(arena, &list, "a");
	text_list_add_once(arena, &list, "b");
	text_list_add_once(arena, &list, "a");
	assert_int_equal(list.count, 2);
	assert_true(text_list_has(&list, "b"));
	assert_false(text_list_has(&list, "c"));
}

static void buffer_grows_and_keeps_nul_bytes(void **state)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	(void)state;
	assert_string_equal(strbuf_text(&text), "");
	strbuf_add(&text, "a\0b", 3);
	for (int i = 0; i < 1000; i++)
		strbuf_printf(&text, "%d,", i);
	assert_int_equal(text.length, 3 + 3890);
	assert_memory_equal(text.data, "a\0b0,1,2", 8);
	assert_string_equal(text.data + text.length - 4, "999,");
	strbuf_reset(&text);
	assert_string_equal(strbuf_text(&text), "");
}

static void digest_is_sha256(void **state)
{
	struct digest_stream *stream = digest_open();
	struct digest whole = digest_of("abc", 3);
	(void)state;
	assert_string_equal(whole.hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	digest_add(stream, "a", 1);
	digest_add(stream, "bc", 2);
	assert_string_equal(digest_close(stream).hex, whole.hex);
}

static struct digest digest_of_fields(const char *first, const char *second)
{
	struct digest_stream *stream = digest_open();
	digest_add_field(stream, first);
	digest_add_field(stream, second);
	return digest_close(stream);
}

static void fields_do_not_run_into_each_other(void **state)
{
	(void)state;
	assert_string_not_equal(digest_of_fields("ab", "c").hex, digest_of_fields("a", "bc").hex);
	assert_string_not_equal(digest_of_fields(NULL, "c").hex, digest_of_fields("", "c").hex);
	assert_string_equal(digest_of_fields("ab", "c").hex, digest_of_fields("ab", "c").hex);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(arena_gives_zeroed_aligned_memory_of_any_size),
		cmocka_unit_test(texts_in_an_arena_do_not_touch_what_stands_beside_them),
		cmocka_unit_test(a_buffer_that_only_has_room_is_an_empty_text),
		cmocka_unit_test(arena_copies_live_on_when_their_source_changes),
		cmocka_unit_test(list_keeps_its_elements_while_it_grows),
		cmocka_unit_test(text_list_takes_each_text_once),
		cmocka_unit_test(buffer_grows_and_keeps_nul_bytes),
		cmocka_unit_test(digest_is_sha256),
		cmocka_unit_test(fields_do_not_run_into_each_other),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
