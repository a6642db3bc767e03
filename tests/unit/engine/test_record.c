#include "../sys/place.h"

#include <signal.h>
#include <sys/resource.h>

#include "engine/tell/record.h"

static const char RUN[] = "3f0c1d1e-0000-4000-8000-000000000001";

static int open_state(void **state)
{
	if (place_open(state) != 0)
		return -1;
	setenv("XDG_STATE_HOME", ((struct place *)*state)->folder, 1);
	return 0;
}

static const char *run_file(const struct place *place)
{
	return place_path(place, arena_printf(place->arena, "pgsluice/runs/%s.jsonl", RUN));
}

static const char *content_of(struct place *place, const char *path)
{
	struct strbuf content = {0};
	assert_ok(place, file_read(path, 1 << 20, &content, &place->err));
	const char *text = arena_strdup(place->arena, strbuf_text(&content));
	strbuf_clear(&content);
	return text;
}

static void put(struct record *record, const char *line)
{
	struct sink *sink = record_sink(record);
	sink->event(sink->context, EVENT_LOG, line, NULL);
}

static void every_line_is_in_the_file_at_once(void **state)
{
	struct place *place = *state;
	struct record *record;
	assert_ok(place, record_open(place->arena, RUN, NULL, &record, &place->err));
	assert_string_equal(record_path(record), run_file(place));
	put(record, "{\"seq\":1}");
	assert_string_equal(content_of(place, run_file(place)), "{\"seq\":1}\n");
	put(record, "{\"seq\":2}");
	assert_string_equal(content_of(place, run_file(place)), "{\"seq\":1}\n{\"seq\":2}\n");
	assert_ok(place, record_check(record, &place->err));
	assert_ok(place, record_close(record, &place->err));
}

static void the_copy_has_the_same_lines_and_replaces_what_was_there(void **state)
{
	struct place *place = *state;
	struct record *record;
	place_write(place, "copy", "from an earlier run\n");
	const char *copy = place_path(place, "copy");
	assert_ok(place, record_open(place->arena, RUN, copy, &record, &place->err));
	put(record, "{\"seq\":1}");
	assert_ok(place, record_close(record, &place->err));
	assert_string_equal(content_of(place, copy), "{\"seq\":1}\n");
	assert_string_equal(content_of(place, run_file(place)), "{\"seq\":1}\n");
}

static void a_copy_that_cannot_be_made_is_named_and_leaves_no_record(void **state)
{
	struct place *place = *state;
	struct record *record;
	const char *copy = place_path(place, "none/copy");
	assert_fails(place, record_open(place->arena, RUN, copy, &record, &place->err), FAIL_USAGE,
	             arena_printf(place->arena, "could not create file \"%s\": No such file or directory", copy));
	assert_false(file_exists(run_file(place)));
}

static void a_full_disk_is_an_error_of_the_run_and_the_other_file_goes_on(void **state)
{
	struct place *place = *state;
	struct record *record;
	assert_ok(place, record_open(place->arena, RUN, "/dev/full", &record, &place->err));
	put(record, "{\"seq\":1}");
	put(record, "{\"seq\":2}");
	assert_fails(place, record_check(record, &place->err), FAIL_INTERNAL,
	             "the record of the run is incomplete: could not write file \"/dev/full\": No space left on device");
	assert_string_equal(place->err.hint,
	                    "Free space on that file system, or choose another folder, then run again.");
	assert_int_equal(record_close(record, &place->err), FAIL_INTERNAL);
	assert_string_equal(content_of(place, run_file(place)), "{\"seq\":1}\n{\"seq\":2}\n");
}

static void after_a_failed_line_nothing_follows_in_that_file(void **state)
{
	struct place *place = *state;
	struct record *record;
	struct rlimit limit;
	assert_ok(place, record_open(place->arena, RUN, NULL, &record, &place->err));
	put(record, "{\"seq\":1}");
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &limit);
	rlim_t before = limit.rlim_cur;
	limit.rlim_cur = 14;
	setrlimit(RLIMIT_FSIZE, &limit);
	put(record, "{\"seq\":2}");
	limit.rlim_cur = before;
	setrlimit(RLIMIT_FSIZE, &limit);
	put(record, "{\"seq\":3}");
	assert_int_equal(record_close(record, &place->err), FAIL_INTERNAL);
	assert_string_equal(content_of(place, run_file(place)), "{\"seq\":1}\n");
}

struct heard {
	struct sink sink;
	int warnings;
	char message[256];
};

static void hear(void *context, enum event_type type, const char *line, const struct json *fields)
{
	struct heard *heard = context;
	(void)line;
	assert_int_equal(type, EVENT_LOG);
	assert_string_equal(json_get_text(fields, "level"), "warning");
	snprintf(heard->message, sizeof(heard->message), "%s", json_get_text(fields, "message"));
	heard->warnings++;
}

static void during_the_apply_it_is_said_once_in_the_log(void **state)
{
	struct place *place = *state;
	struct record *record;
	struct heard heard = {.sink = {.event = hear, .context = &heard}};
	struct emitter *emitter = emitter_open(RUN);
	assert_ok(place, record_open(place->arena, RUN, "/dev/full", &record, &place->err));
	emitter_add(emitter, record_sink(record));
	emitter_add(emitter, &heard.sink);
	record_warn(record, emitter);
	assert_int_equal(heard.warnings, 0);
	put(record, "{\"seq\":1}");
	record_warn(record, emitter);
	record_warn(record, emitter);
	assert_int_equal(heard.warnings, 1);
	assert_string_equal(heard.message, "the record of the run is incomplete: could not write file \"/dev/full\": "
	                                   "No space left on device");
	emitter_close(emitter);
	assert_int_equal(record_close(record, &place->err), FAIL_INTERNAL);
}

#define RECORD_TEST(name) cmocka_unit_test_setup_teardown(name, open_state, place_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
		RECORD_TEST(every_line_is_in_the_file_at_once),
		RECORD_TEST(the_copy_has_the_same_lines_and_replaces_what_was_there),
		RECORD_TEST(a_copy_that_cannot_be_made_is_named_and_leaves_no_record),
		RECORD_TEST(a_full_disk_is_an_error_of_the_run_and_the_other_file_goes_on),
		RECORD_TEST(after_a_failed_line_nothing_follows_in_that_file),
		RECORD_TEST(during_the_apply_it_is_said_once_in_the_log),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
