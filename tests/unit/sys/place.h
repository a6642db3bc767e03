/* What the tests of sys and engine share: cmocka, a folder of one's own, and errors compared with their texts. */
#ifndef TESTS_UNIT_SYS_PLACE_H
#define TESTS_UNIT_SYS_PLACE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/strbuf.h"
#include "sys/file.h"

/* A test's own empty folder and what it allocates; made and removed by cmocka's setup and teardown. */
struct place {
	struct arena *arena;
	char folder[64];
	struct error err;
};

static inline int place_open(void **state)
{
	struct place *place = calloc(1, sizeof(*place));
	if (!place)
		return -1;
	snprintf(place->folder, sizeof(place->folder), "/tmp/pgsluice-unit-XXXXXX");
	if (!mkdtemp(place->folder))
		return -1;
	place->arena = arena_open();
	*state = place;
	return 0;
}

static inline int place_close(void **state)
{
	struct place *place = *state;
	int failed = folder_remove(place->folder, &place->err) != OK;
	error_clear(&place->err);
	arena_close(place->arena);
	free(place);
	return failed;
}

/* A path inside the folder. */
static inline const char *place_path(const struct place *place, const char *name)
{
	return path_join(place->arena, place->folder, name);
}

static inline void place_write(struct place *place, const char *name, const char *text)
{
	if (file_write(place_path(place, name), text, strlen(text), &place->err) != OK)
		fail_msg("%s", place->err.message);
}

static inline const char *place_read(struct place *place, const char *name)
{
	struct strbuf content = {0};
	if (file_read(place_path(place, name), 16 * 1024 * 1024, &content, &place->err) != OK)
		fail_msg("%s", place->err.message);
	const char *text = arena_strndup(place->arena, strbuf_text(&content), content.length);
	strbuf_clear(&content);
	return text;
}

#define assert_ok(place, call)                                                     \
	do {                                                                       \
		if ((call) != OK)                                                  \
			fail_msg("%s: %s", #call, (place)->err.message);           \
	} while (0)

/* The call fails with this status, and the error says exactly this. */
#define assert_fails(place, call, expected, text)                                  \
	do {                                                                       \
		assert_int_equal((call), (expected));                              \
		assert_int_equal((place)->err.status, (expected));                 \
		assert_string_equal((place)->err.message, (text));                 \
		assert_non_null(error_hint_text(&(place)->err));                   \
	} while (0)

#define PLACE_TEST(name) cmocka_unit_test_setup_teardown(name, place_open, place_close)

#endif
