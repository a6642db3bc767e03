/*
 * Random keys, clicks and sizes while a recorded run arrives over a socket in random pieces, cut, repeated, damaged and
 * with text that no terminal may see raw. CAMPAIGN_MS is how long (2000), CAMPAIGN_SEED where it begins (1): each life
 * of a console has a seed of its own, printed before it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <inttypes.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/memory.h"
#include "console/desk.h"
#include "sys/clock.h"

enum { DEEDS = 400, EVENTS_MAX = 200, ROWS_MAX = 200, COLUMNS_MAX = 400, FILE_MAX_BYTES = 1 << 20 };

/* Readline's searches lose lists of changes: some hundred bytes in 100,000 keys. LeakSanitizer is to look at ours. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
	return "leak:libreadline";
}

struct life {
	struct console *console;
	uint64_t chance;
	int engine; /* the other end of the socket */
	const char *record, *at, *end;
	struct strbuf waiting; /* on its way to the console */
};

static uint64_t chance(struct life *life)
{
	uint64_t x = life->chance;
	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return life->chance = x;
}

static int below(struct life *life, int limit)
{
	return (int)(chance(life) >> 11 & 0x7fffffff) % limit;
}

static int any_key(struct life *life)
{
	static const char OFTEN[] = "1256789jkhlGgnNymx/&:?ArRpSFiwtvoz+-";

	switch (below(life, 8)) {
	case 0: return 1 + below(life, 127);
	case 1: return KEY_NAMED + 1 + below(life, KEY_F12 - KEY_NAMED);
	case 2: return below(life, KEY_NAMED - 1) + 1;
	case 3: return (32 + below(life, 95)) | KEY_ALT;
	case 4: return below(life, 2) ? KEY_ENTER_KEY : KEY_TAB_KEY;
	case 5: return below(life, 3) ? KEY_ARROW_DOWN : KEY_ESCAPE;
	default: return OFTEN[below(life, (int)sizeof(OFTEN) - 1)];
	}
}

static void press(struct life *life)
{
	int key = any_key(life);
	if (key != KEY_GONE)
		desk_press(life->console, key, 0, 0);
}

static void click(struct life *life)
{
	static const int KEYS[] = {KEY_CLICK, KEY_CLICK, KEY_WHEEL_UP, KEY_WHEEL_DOWN};
	int row = below(life, ROWS_MAX + 20) - 10, column = below(life, COLUMNS_MAX + 20) - 10;
	if (below(life, 4)) {
		row = below(life, canvas_rows(life->console->canvas));
		column = below(life, canvas_columns(life->console->canvas));
	}
	desk_press(life->console, KEYS[below(life, 4)], row, column);
}

static void resize(struct life *life)
{
	static const int SIZES[][2] = {{1, 1}, {1, COLUMNS_MAX}, {ROWS_MAX, 1}, {24, 80}, {16, 60}, {2, 2}};
	size_t chosen = (size_t)below(life, 12);
	if (chosen < sizeof(SIZES) / sizeof(SIZES[0]))
		canvas_resize(life->console->canvas, SIZES[chosen][0], SIZES[chosen][1]);
	else
		canvas_resize(life->console->canvas, 1 + below(life, 60), 1 + below(life, 160));
}

/* The record's next line as it is, or missing, twice, cut, or with text in it that a terminal would obey. */
static void say_line(struct life *life)
{
	static const char *const NASTY[] = {"\\u001b[2J", "\\u202e", "\\u200b", "\\u0007", "\xff", "\\u0000", "\"",
	                                    "\xe6\xbc\xa2"};
	if (life->at >= life->end)
		life->at = life->record;
	const char *start = life->at, *end = memchr(start, '\n', (size_t)(life->end - start));
	end = end ? end + 1 : life->end;
	life->at = end;
	size_t length = (size_t)(end - start), cut = (size_t)below(life, (int)length);
	switch (below(life, 24)) {
	case 0: break;
	case 1: strbuf_add(&life->waiting, start, length); strbuf_add(&life->waiting, start, length); break;
	case 2: strbuf_add(&life->waiting, start, cut); break;
	case 3:
	case 4:
	case 5:
		strbuf_add(&life->waiting, start, cut);
		strbuf_puts(&life->waiting, NASTY[below(life, (int)(sizeof(NASTY) / sizeof(NASTY[0])))]);
		strbuf_add(&life->waiting, start + cut, length - cut);
		break;
	case 6: life->at = life->record + below(life, (int)(life->end - life->record)); break;
	default: strbuf_add(&life->waiting, start, length);
	}
}

static void hear(struct life *life)
{
	char asked[4096];
	for (int lines = below(life, 30); lines > 0; lines--)
		say_line(life);
	size_t piece = life->waiting.length ? 1 + (size_t)below(life, (int)life->waiting.length) : 0;
	ssize_t sent = piece ? send(life->engine, life->waiting.data, piece, MSG_DONTWAIT | MSG_NOSIGNAL) : 0;
	if (sent > 0) {
		memmove(life->waiting.data, life->waiting.data + sent, life->waiting.length - (size_t)sent);
		life->waiting.length -= (size_t)sent;
	}
	for (int i = 0; i < EVENTS_MAX; i++) {
		enum event_type type;
		_cleanup_json_ struct json *event = NULL;
		if (story_next(life->console->story, clock_ms(), &type, &event) != STORY_EVENT)
			break;
		desk_take_event(life->console, type, event);
	}
	while (recv(life->engine, asked, sizeof(asked), MSG_DONTWAIT) > 0)
		;
}

/* Nothing that a terminal would obey, and nothing that turns text around. */
static void look(struct life *life)
{
	const struct canvas *canvas = life->console->canvas;

	frame_draw(life->console);
	for (int row = 0; row < canvas_rows(canvas); row++)
		for (int column = 0; column < canvas_columns(canvas); column++) {
			const struct cell *cell = canvas_cell(canvas, row, column);
			for (const char *at = cell->text; *at; at++)
				assert_true((unsigned char)*at >= ' ' && *at != 0x7f);
			assert_null(strstr(cell->text, "\u202e"));
			assert_null(strstr(cell->text, "\u200b"));
			assert_in_range(cell->style, 0, STYLE_COUNT - 1);
		}
	arena_close(life->console->tick);
	life->console->tick = arena_open();
}

static void live(const char *record, size_t length, uint64_t seed)
{
	struct life life = {
		.chance = seed * 0x9e3779b97f4a7c15U | 1,
		.record = record,
		.at = record,
		.end = record + length,
	};
	_cleanup_error_ struct error err = {0};
	int ends[2];

	for (int i = 0; i < 8; i++)
		chance(&life);
	struct console_options options = {.ascii = below(&life, 2)};
	assert_int_equal(desk_open(&options, &life.console, &err), OK);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	struct story *story = life.console->story = story_of_socket(ends[0]);
	struct prompt *prompt = life.console->prompt = prompt_open(NULL, command_complete, life.console);
	life.engine = ends[1];
	for (int i = 0; i < DEEDS; i++) {
		switch (below(&life, 8)) {
		case 0: hear(&life); break;
		case 1: resize(&life); break;
		case 2: click(&life); break;
		default: press(&life);
		}
		if (below(&life, 3) == 0)
			look(&life);
	}
	desk_close(life.console);
	prompt_close(prompt);
	story_close(story);
	close(life.engine);
	strbuf_clear(&life.waiting);
}

static int64_t setting(const char *name, int64_t otherwise)
{
	const char *value = getenv(name);
	return value && *value ? strtoll(value, NULL, 10) : otherwise;
}

static size_t read_record(const char *name, char *room)
{
	char path[4096];
	snprintf(path, sizeof(path), "%s/tests/screen/records/%s.jsonl", SOURCE_FOLDER, name);
	FILE *file = fopen(path, "r");
	assert_non_null(file);
	size_t length = fread(room, 1, FILE_MAX_BYTES, file);
	fclose(file);
	assert_true(length > 0 && length < FILE_MAX_BYTES);
	return length;
}

static void random_keys_sizes_and_lines_do_no_harm(void **state)
{
	char *records[2] = {memory_new(FILE_MAX_BYTES), memory_new(FILE_MAX_BYTES)};
	size_t lengths[2] = {read_record("apply", records[0]), read_record("night", records[1])};
	int64_t until_ms = clock_ms() + setting("CAMPAIGN_MS", 2000), first = setting("CAMPAIGN_SEED", 1), seed = first;
	(void)state;

	do {
		printf("seed %" PRId64 "\n", seed);
		fflush(stdout);
		live(records[seed & 1], lengths[seed & 1], (uint64_t)seed);
		seed++;
	} while (clock_ms() < until_ms);
	printf("%" PRId64 " lives of %d deeds, seeds from %" PRId64 "\n", seed - first, DEEDS, first);
	memory_free(records[0]);
	memory_free(records[1]);
}

int main(void)
{
	static const struct CMUnitTest TESTS[] = {cmocka_unit_test(random_keys_sizes_and_lines_do_no_harm)};
	setlocale(LC_ALL, "C.UTF-8");
	setenv("INPUTRC", "/dev/null", 1);
	unsetenv("LINES");
	unsetenv("COLUMNS");
	return cmocka_run_group_tests(TESTS, NULL, NULL);
}
