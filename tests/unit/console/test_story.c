#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "console/model/story.h"

#define LOG_LINE(seq, second)                                                                         \
	"{\"v\":1,\"seq\":" seq ",\"ts\":\"2026-01-01T00:00:" second ".000Z\",\"run\":\"r\",\"type\":" \
	"\"log\",\"level\":\"info\",\"message\":\"m" seq "\"}\n"

static struct story *recorded(const char *text, int64_t speed)
{
	_cleanup_error_ struct error err = {0};
	char path[] = "/tmp/test_story.XXXXXX";
	struct story *story;
	int fd = mkstemp(path);

	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	assert_int_equal(story_of_file(path, speed, &story, &err), OK);
	unlink(path);
	return story;
}

/* The message of the next line, "-" = none for now, "over", "lost". */
static const char *next(struct story *story, int64_t now_ms)
{
	static char text[64];
	struct json *event = NULL;
	enum event_type type;

	switch (story_next(story, now_ms, &type, &event)) {
	case STORY_EVENT: break;
	case STORY_NOTHING: return "-";
	case STORY_OVER: return "over";
	case STORY_LOST: return "lost";
	}
	snprintf(text, sizeof(text), "%s", json_get_text(event, "message"));
	json_close(event);
	return text;
}

static void a_recording_runs_by_its_own_time(void **state)
{
	struct story *story = recorded(LOG_LINE("1", "00") LOG_LINE("2", "02") LOG_LINE("3", "10"), STORY_SPEED_ONE * 2);
	(void)state;
	assert_string_equal(next(story, 5000), "m1");
	assert_string_equal(next(story, 5000), "-");
	assert_int_equal(story_due_ms(story), 6000);
	assert_string_equal(next(story, 5999), "-");
	assert_string_equal(next(story, 6000), "m2");
	assert_string_equal(next(story, 6000), "-");
	story_set_speed(story, STORY_SPEED_ONE * 8, 6000);
	assert_int_equal(story_due_ms(story), 7000);
	assert_string_equal(next(story, 7000), "m3");
	assert_string_equal(next(story, 7000), "over");
	story_close(story);
}

static void a_recording_that_is_held_stands_still(void **state)
{
	struct story *story = recorded(LOG_LINE("1", "00") LOG_LINE("2", "02"), STORY_SPEED_ONE);
	(void)state;
	assert_string_equal(next(story, 0), "m1");
	assert_string_equal(next(story, 1000), "-");
	story_hold(story, true, 1000);
	assert_string_equal(next(story, 60000), "-");
	story_hold(story, false, 60000);
	assert_string_equal(next(story, 60999), "-");
	assert_string_equal(next(story, 61000), "m2");
	story_close(story);
}

static void all_at_once_needs_no_time(void **state)
{
	struct story *story = recorded(LOG_LINE("1", "00") LOG_LINE("2", "59"), 0);
	(void)state;
	assert_string_equal(next(story, 0), "m1");
	assert_string_equal(next(story, 0), "m2");
	assert_string_equal(next(story, 0), "over");
	story_close(story);
}

static void a_line_that_is_not_understood_is_counted_and_left_out(void **state)
{
	struct story *story = recorded(LOG_LINE("1", "00") "nonsense\n{\"v\":1,\"seq\":2}\n" LOG_LINE("3", "00"), 0);
	const char *why;
	(void)state;
	assert_string_equal(next(story, 0), "m1");
	assert_string_equal(next(story, 0), "m3");
	assert_string_equal(next(story, 0), "over");
	assert_int_equal(story_refused(story, &why), 2);
	assert_non_null(why);
	story_close(story);
}

static void lines_come_from_a_socket_in_pieces(void **state)
{
	static const char LINE[] = LOG_LINE("1", "00");
	struct story *story;
	int ends[2];
	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	story = story_of_socket(ends[0]);
	assert_string_equal(next(story, 0), "-");
	assert_int_equal(write(ends[1], LINE, 20), 20);
	assert_string_equal(next(story, 0), "-");
	assert_int_equal(write(ends[1], LINE + 20, strlen(LINE) - 20), strlen(LINE) - 20);
	assert_string_equal(next(story, 0), "m1");
	close(ends[1]);
	assert_string_equal(next(story, 0), "lost");
	assert_string_equal(next(story, 0), "lost");
	story_close(story);
}

static void a_file_that_is_not_there_is_told(void **state)
{
	_cleanup_error_ struct error err = {0};
	struct story *story;
	(void)state;
	assert_int_equal(story_of_file("/nowhere/run.jsonl", 0, &story, &err), FAIL_USAGE);
	assert_string_equal(err.message, "could not read /nowhere/run.jsonl: No such file or directory");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_recording_runs_by_its_own_time),
		cmocka_unit_test(a_recording_that_is_held_stands_still),
		cmocka_unit_test(all_at_once_needs_no_time),
		cmocka_unit_test(a_line_that_is_not_understood_is_counted_and_left_out),
		cmocka_unit_test(lines_come_from_a_socket_in_pieces),
		cmocka_unit_test(a_file_that_is_not_there_is_told),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
