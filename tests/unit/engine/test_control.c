#include "../sys/place.h"

#include <signal.h>
#include <sys/resource.h>

#include "engine/tell/control.h"
#include "engine/tell/record.h"
#include "sys/clock.h"
#include "sys/local_socket.h"

static const char RUN[] = "3f0c1d1e-0000-4000-8000-000000000001";

/* A run that is watched: its lines go to the record and, through it, to viewers. */
struct watched {
	struct place *place;
	struct loop *loop;
	struct control *control;
	struct emitter *emitter;
	struct record *record;
};

static void take_request(void *context, const struct asker *asker, enum request_type type, const struct json *fields)
{
	struct json *answer = json_new_object();
	(void)fields;
	json_set_text(answer, "request", request_get(type)->name);
	json_set_bool(answer, "accepted", true);
	json_set_text(answer, "user", asker->user);
	json_set_int(answer, "uid", (int64_t)asker->uid);
	json_set_int(answer, "pid", asker->pid);
	emit(((struct watched *)context)->emitter, EVENT_REQUEST, answer);
}

static void open_watched(struct watched *watched, struct place *place)
{
	setenv("XDG_STATE_HOME", place->folder, 1);
	setenv("XDG_RUNTIME_DIR", place->folder, 1);
	watched->place = place;
	watched->emitter = emitter_open(RUN);
	assert_ok(place, loop_open(&watched->loop, &place->err));
	assert_ok(place, record_open(place->arena, RUN, NULL, &watched->record, &place->err));
	emitter_add(watched->emitter, record_sink(watched->record));
	assert_ok(place, control_open(watched->loop, RUN, take_request, watched, &watched->control, &place->err));
	assert_ok(place, control_begin(watched->control, RUN, watched->record, watched->emitter, &place->err));
	emitter_add(watched->emitter, control_sink(watched->control));
}

static void close_watched(struct watched *watched)
{
	_cleanup_error_ struct error ignored = {0};
	control_close(watched->control);
	(void)!record_close(watched->record, &ignored);
	emitter_close(watched->emitter);
	loop_close(watched->loop);
}

static int connect_viewer(struct watched *watched)
{
	const char *folder = place_path(watched->place, "pgsluice");
	int fd;
	assert_ok(watched->place,
	          socket_connect(folder, arena_printf(watched->place->arena, "%s.sock", RUN), &fd, &watched->place->err));
	socket_set_waiting(fd, false);
	assert_int_equal(loop_sleep(watched->loop, 0), LOOP_TIMEOUT);
	return fd;
}

/* All that comes, as long as something comes. */
static void read_all(struct watched *watched, int fd, struct strbuf *text)
{
	char bytes[65536];
	for (int idle = 0; idle < 3;) {
		ssize_t got = socket_receive(fd, bytes, sizeof(bytes));
		if (got > 0)
			strbuf_add(text, bytes, (size_t)got);
		idle = got > 0 ? 0 : idle + 1;
		assert_int_equal(loop_sleep(watched->loop, 0), LOOP_TIMEOUT);
	}
}

static void one_who_reads_slowly_is_told_every_line_once(void **state)
{
	struct watched watched;
	_cleanup_strbuf_ struct strbuf told = {0}, kept = {0};
	open_watched(&watched, *state);

	emit_log(watched.emitter, LOG_INFO, "before anybody came");
	int fd = connect_viewer(&watched);
	assert_int_equal(control_viewers(watched.control), 1);
	for (int i = 0; i < 20000; i++) {
		emit_log(watched.emitter, LOG_INFO, "line %d of a run that says more than a socket takes", i);
		if (i % 1000 == 0)
			assert_int_equal(loop_sleep(watched.loop, 0), LOOP_TIMEOUT);
	}
	read_all(&watched, fd, &told);
	assert_ok(watched.place, file_read(record_path(watched.record), 64 << 20, &kept, &watched.place->err));
	assert_int_equal(told.length, kept.length);
	assert_string_equal(strbuf_text(&told), strbuf_text(&kept));
	close(fd);
	assert_int_equal(loop_sleep(watched.loop, 0), LOOP_TIMEOUT);
	assert_int_equal(control_viewers(watched.control), 0);
	close_watched(&watched);
}

static void a_request_in_pieces_is_one_request(void **state)
{
	struct watched watched;
	_cleanup_strbuf_ struct strbuf told = {0};
	open_watched(&watched, *state);

	int fd = connect_viewer(&watched);
	assert_int_equal(socket_send(fd, "{\"v\":1,\"requ", 12), 12);
	read_all(&watched, fd, &told);
	assert_null(strstr(strbuf_text(&told), "\"type\":\"request\""));
	assert_int_equal(socket_send(fd, "est\":\"pause\"}\n{\"v\":1,", 22), 22);
	read_all(&watched, fd, &told);
	const char *first = strstr(strbuf_text(&told), "\"type\":\"request\",\"request\":\"pause\",\"accepted\":true");
	assert_non_null(first);
	assert_null(strstr(first + 1, "\"type\":\"request\""));
	close(fd);
	close_watched(&watched);
}

/* The record has a hole from some line on; who is there is told that line and all after it, and none twice. */
static void a_full_disk_keeps_nothing_from_those_who_watch(void **state)
{
	struct watched watched;
	struct rlimit limit, before;
	_cleanup_strbuf_ struct strbuf told = {0};
	open_watched(&watched, *state);

	int fd = connect_viewer(&watched);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	limit = before;
	limit.rlim_cur = 4096;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	for (int i = 0; i < 100; i++)
		emit_log(watched.emitter, LOG_INFO, "line <%d>", i);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	assert_false(record_is_whole(watched.record));
	read_all(&watched, fd, &told);
	const char *at = strbuf_text(&told);
	for (int i = 0; i < 100; i++) {
		at = strstr(at, arena_printf(watched.place->arena, "line <%d>", i));
		assert_non_null(at);
	}
	size_t lines = 0;
	for (const char *line = strbuf_text(&told); (line = strchr(line, '\n')) != NULL; line++)
		lines++;
	assert_int_equal(lines, 101); /* and that somebody watches */
	close(fd);
	close_watched(&watched);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		PLACE_TEST(one_who_reads_slowly_is_told_every_line_once),
		PLACE_TEST(a_request_in_pieces_is_one_request),
		PLACE_TEST(a_full_disk_keeps_nothing_from_those_who_watch),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
