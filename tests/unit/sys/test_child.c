#include "place.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "sys/child.h"
#include "sys/clock.h"

struct fixture {
	struct place *place;
	struct loop *loop;
	struct child_result result;
	struct error *err;
	struct strbuf lines;
};

static int open_fixture(void **state)
{
	static struct fixture fixture;
	void *place;
	if (place_open(&place) != 0)
		return -1;
	fixture = (struct fixture){.place = place};
	fixture.err = &fixture.place->err;
	*state = &fixture;
	return loop_open(&fixture.loop, fixture.err) != OK;
}

static int close_fixture(void **state)
{
	struct fixture *fixture = *state;
	void *place = fixture->place;
	child_result_clear(&fixture->result);
	strbuf_clear(&fixture->lines);
	loop_close(fixture->loop);
	return place_close(&place);
}

static void keep_line(void *context, bool is_error, const char *line)
{
	strbuf_printf(context, "%s[%s]", is_error ? "E" : "O", line);
}

#define SHELL(script) (const char *const[]){"sh", "-c", (script), NULL}

static void run(struct fixture *fixture, struct child_options options)
{
	assert_ok(fixture->place, child_run(fixture->loop, &options, &fixture->result, fixture->err));
}

static void output_errors_and_exit_code_come_back(void **state)
{
	struct fixture *fixture = *state;
	run(fixture, (struct child_options){.argv = SHELL("echo out; echo bad >&2; exit 3")});
	assert_int_equal(fixture->result.exit_code, 3);
	assert_string_equal(strbuf_text(&fixture->result.output), "out\n");
	assert_string_equal(strbuf_text(&fixture->result.errors), "bad\n");
	assert_false(fixture->result.timed_out);
}

static void arguments_arrive_as_they_are(void **state)
{
	struct fixture *fixture = *state;
	run(fixture, (struct child_options){.argv = (const char *const[]){"printf", "%s|", "a b", "$(id)", "'", "", NULL}});
	assert_string_equal(strbuf_text(&fixture->result.output), "a b|$(id)|'||");
}

static void lines_come_one_by_one_and_the_last_without_newline_too(void **state)
{
	struct fixture *fixture = *state;
	run(fixture, (struct child_options){
			.argv = SHELL("printf 'one\\n\\ntwo\\000hidden\\nlast'"),
			.line = keep_line,
			.context = &fixture->lines,
		});
	assert_string_equal(strbuf_text(&fixture->lines), "O[one]O[]O[two?hidden]O[last]");
}

static void output_over_the_ceiling_is_cut_and_the_program_goes_on(void **state)
{
	struct fixture *fixture = *state;
	run(fixture, (struct child_options){.argv = SHELL("head -c 3000000 /dev/zero; exit 5")});
	assert_int_equal(fixture->result.output.length, 1024 * 1024);
	assert_int_equal(fixture->result.exit_code, 5);
}

static void input_larger_than_a_pipe_arrives_whole(void **state)
{
	struct fixture *fixture = *state;
	char *text = arena_alloc(fixture->place->arena, 500001);
	memset(text, 'x', 500000);
	run(fixture, (struct child_options){.argv = (const char *const[]){"cat", NULL}, .input = text});
	assert_int_equal(fixture->result.output.length, 500000);
	assert_string_equal(strbuf_text(&fixture->result.output), text);
}

static void a_program_that_ignores_its_input_is_fine(void **state)
{
	struct fixture *fixture = *state;
	char *text = arena_alloc(fixture->place->arena, 500001);
	memset(text, 'x', 500000);
	run(fixture, (struct child_options){.argv = (const char *const[]){"true", NULL}, .input = text});
	assert_int_equal(fixture->result.exit_code, 0);
}

static void without_input_it_reads_an_empty_one(void **state)
{
	struct fixture *fixture = *state;
	run(fixture, (struct child_options){.argv = (const char *const[]){"cat", NULL}});
	assert_int_equal(fixture->result.exit_code, 0);
	assert_int_equal(fixture->result.output.length, 0);
}

static void connection_variables_and_secrets_are_not_inherited(void **state)
{
	struct fixture *fixture = *state;
	setenv("PGPASSWORD", "secret", 1);
	setenv("PGHOST", "live", 1);
	setenv("DATABASE_URL", "postgres://live", 1);
	setenv("PGBACKREST_REPO1_CIPHER_PASS", "theirs", 1);
	setenv("PLAIN", "kept", 1);
	setenv("CHANGED", "before", 1);
	run(fixture, (struct child_options){
			.argv = SHELL("echo ${PGPASSWORD-no} ${PGHOST-no} ${DATABASE_URL-no} $PLAIN $CHANGED "
			"$PGBACKREST_REPO1_CIPHER_PASS $PGOPTIONS"),
			.env = (const char *const[]){"CHANGED=after", "PGOPTIONS=ours", NULL},
		});
	assert_string_equal(strbuf_text(&fixture->result.output), "no no no kept after theirs ours\n");
}

static void no_descriptor_of_ours_is_inherited(void **state)
{
	struct fixture *fixture = *state;
	int leaked = open("/dev/null", O_RDONLY), high = fcntl(leaked, F_DUPFD, 50);
	assert_true(high >= 50);
	run(fixture, (struct child_options){.argv = SHELL("exec ls /proc/self/fd")});
	close(leaked);
	close(high);
	assert_string_equal(strbuf_text(&fixture->result.output), "0\n1\n2\n3\n");
}

static void signals_are_as_at_a_fresh_start(void **state)
{
	struct fixture *fixture = *state;
	run(fixture, (struct child_options){
			.argv = SHELL("exec grep -E '^Sig(Blk|Ign)' /proc/self/status")});
	const char *text = strbuf_text(&fixture->result.output), *ignored = strstr(text, "SigIgn:");
	assert_int_equal(strncmp(text, "SigBlk:\t0000000000000000\n", 25), 0);
	assert_non_null(ignored);
	/* Signals 32 and 33 are the C library's own. */
	assert_int_equal(strtoull(ignored + strlen("SigIgn:"), NULL, 16) & 0x7FFFFFFF, 0);
}

static void it_runs_in_the_given_folder(void **state)
{
	struct fixture *fixture = *state;
	run(fixture, (struct child_options){.argv = SHELL("pwd -P"), .folder = "/proc"});
	assert_string_equal(strbuf_text(&fixture->result.output), "/proc\n");
}

static void a_missing_program_is_named(void **state)
{
	struct fixture *fixture = *state;
	struct child_options options = {.argv = (const char *const[]){"pgsluice-no-such", NULL}};
	assert_fails(fixture->place, child_run(fixture->loop, &options, &fixture->result, fixture->err), FAIL_USAGE,
		"program \"pgsluice-no-such\" was not found on PATH");
	options.argv = (const char *const[]){"/nowhere/program", NULL};
	assert_fails(fixture->place, child_run(fixture->loop, &options, &fixture->result, fixture->err), FAIL_USAGE,
		"program \"/nowhere/program\" is not there or may not be executed");
}

static void what_the_system_cannot_execute_is_named(void **state)
{
	struct fixture *fixture = *state;
	place_write(fixture->place, "program", "\x7f" "ELF nothing");
	const char *path = place_path(fixture->place, "program");
	assert_int_equal(chmod(path, 0700), 0);
	struct child_options options = {.argv = (const char *const[]){path, NULL}};
	assert_fails(fixture->place, child_run(fixture->loop, &options, &fixture->result, fixture->err), FAIL_USAGE,
		arena_printf(fixture->place->arena, "could not execute \"%s\": Exec format error", path));
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

static void a_missing_folder_is_an_error_before_it_runs(void **state)
{
	struct fixture *fixture = *state;
	struct child_options options = {.argv = SHELL("echo ran"), .folder = "/nowhere"};
	assert_fails(fixture->place, child_run(fixture->loop, &options, &fixture->result, fixture->err), FAIL_USAGE,
		"could not enter folder \"/nowhere\": No such file or directory");
}

static void death_by_a_signal_has_its_own_exit_code(void **state)
{
	struct fixture *fixture = *state;
	run(fixture, (struct child_options){.argv = SHELL("kill -9 $$")});
	assert_int_equal(fixture->result.exit_code, 128 + 9);
}

static void the_deadline_ends_it(void **state)
{
	struct fixture *fixture = *state;
	run(fixture, (struct child_options){.argv = SHELL("exec sleep 1000"), .deadline_ms = clock_ms() + 20});
	assert_true(fixture->result.timed_out);
	assert_int_equal(fixture->result.exit_code, 128 + 15);
}

static void an_end_after_the_deadline_is_never_a_success(void **state)
{
	struct fixture *fixture = *state;
	run(fixture, (struct child_options){
			.argv = SHELL("trap 'exit 0' TERM; while :; do sleep 0.01; done"),
			.deadline_ms = clock_ms() + 200,
		});
	assert_true(fixture->result.timed_out);
	assert_int_not_equal(fixture->result.exit_code, 0);
}

/* True when nobody has this process id any more; a zombie is gone too. */
static bool is_dead(pid_t pid)
{
	char path[64], text[256] = "";
	snprintf(path, sizeof(path), "/proc/%ld/stat", (long)pid);
	FILE *file = fopen(path, "r");
	if (!file)
		return true;
	size_t got = fread(text, 1, sizeof(text) - 1, file);
	fclose(file);
	text[got] = '\0';
	const char *end = strrchr(text, ')');
	return !end || end[2] == 'Z' || end[2] == 'X';
}

static void wait_until_dead(pid_t pid)
{
	for (int64_t deadline_ms = clock_ms() + 10000; !is_dead(pid);) {
		if (clock_ms() > deadline_ms)
			fail_msg("process %ld lives on", (long)pid);
		poll(NULL, 0, 1);
	}
}

static void stop_at_first_line(void *context, bool is_error, const char *line)
{
	(void)is_error;
	struct fixture *fixture = context;
	strbuf_puts(&fixture->lines, line);
	loop_stop(fixture->loop, SIGTERM);
}

static void a_stop_ends_the_whole_group(void **state)
{
	struct fixture *fixture = *state;
	struct child_options options = {
		.argv = SHELL("sleep 1000 & echo $!; wait"), .line = stop_at_first_line, .context = fixture};
	assert_fails(fixture->place, child_run(fixture->loop, &options, &fixture->result, fixture->err),
		FAIL_TERMINATED, "terminated by SIGTERM");
	wait_until_dead((pid_t)strtol(strbuf_text(&fixture->lines), NULL, 10));
}

static void killing_ends_the_group_and_null_is_fine(void **state)
{
	struct fixture *fixture = *state;
	struct child *child;
	struct child_options options = {.argv = SHELL("exec sleep 1000")};
	assert_ok(fixture->place, child_start(fixture->loop, &options, &child, fixture->err));
	pid_t pid = child_pid(child);
	assert_int_equal(getpgid(pid), pid);
	assert_false(child_ended(child));
	child_kill(child);
	assert_true(is_dead(pid));
	child_kill(NULL);
}

static void its_end_wakes_who_waits_on_its_descriptor(void **state)
{
	struct fixture *fixture = *state;
	struct child *child;
	struct child_options options = {.argv = SHELL("exit 4")};
	assert_ok(fixture->place, child_start(fixture->loop, &options, &child, fixture->err));
	struct loop_fd fd = {.fd = child_fd(child), .events = POLLIN};
	while (!child_ended(child))
		assert_int_equal(loop_wait(fixture->loop, &fd, 1, clock_ms() + 10000), LOOP_READY);
	assert_ok(fixture->place, child_wait(child, &fixture->result, fixture->err));
	assert_int_equal(fixture->result.exit_code, 4);
}

static void two_run_at_the_same_time(void **state)
{
	struct fixture *fixture = *state;
	struct child *first, *second;
	struct child_result other = {0};
	/* The first ends only when the second has made the file. */
	const char *flag = place_path(fixture->place, "flag");
	struct child_options one = {.argv = (const char *const[]){
			"sh", "-c", "until test -e \"$1\"; do sleep 0.01; done; echo one", "sh", flag, NULL}};
	struct child_options two = {.argv = (const char *const[]){"sh", "-c", ">\"$1\"; echo two", "sh", flag, NULL}};
	assert_ok(fixture->place, child_start(fixture->loop, &one, &first, fixture->err));
	assert_ok(fixture->place, child_start(fixture->loop, &two, &second, fixture->err));
	assert_ok(fixture->place, child_wait(first, &fixture->result, fixture->err));
	assert_ok(fixture->place, child_wait(second, &other, fixture->err));
	assert_string_equal(strbuf_text(&fixture->result.output), "one\n");
	assert_string_equal(strbuf_text(&other.output), "two\n");
	child_result_clear(&other);
}

static void what_it_leaves_in_the_background_is_not_waited_for(void **state)
{
	struct fixture *fixture = *state;
	int64_t before_ms = clock_ms();
	run(fixture, (struct child_options){.argv = SHELL("sleep 1000 & echo $!")});
	assert_true(clock_ms() - before_ms < 900000);
	assert_int_equal(fixture->result.exit_code, 0);
	kill((pid_t)strtol(strbuf_text(&fixture->result.output), NULL, 10), SIGKILL);
}

static void it_dies_with_us(void **state)
{
	struct fixture *fixture = *state;
	struct child_options options = {.argv = SHELL("exec sleep 1000")};
	int ends[2];
	pid_t pid = 0;
	assert_int_equal(pipe(ends), 0);
	pid_t middle = fork();
	if (middle == 0) {
		struct child *child;
		if (child_start(fixture->loop, &options, &child, fixture->err) == OK)
			pid = child_pid(child);
		_exit(write(ends[1], &pid, sizeof(pid)) == sizeof(pid) ? 0 : 1);
	}
	close(ends[1]);
	assert_int_equal(read(ends[0], &pid, sizeof(pid)), sizeof(pid));
	close(ends[0]);
	assert_true(pid > 0);
	assert_int_equal(waitpid(middle, NULL, 0), middle);
	wait_until_dead(pid);
}

static void root_drops_to_the_given_user(void **state)
{
	struct fixture *fixture = *state;
	if (geteuid() != 0)
		skip();
	run(fixture, (struct child_options){
			.argv = SHELL("id -u; id -g; id -G"), .drop_user = true, .uid = 12345, .gid = 23456});
	assert_string_equal(strbuf_text(&fixture->result.output), "12345\n23456\n23456\n");
}

/* A network of its own holds the loopback and nothing else; where the system refuses it, that is said. */
static void expect_no_way_out(struct fixture *fixture, struct child_options options)
{
	options.argv = SHELL("id -u; tail -n +3 /proc/net/dev | tr -d ' ' | cut -d: -f1 | tr '\\n' ' '");
	options.own_network = true;
	run(fixture, options);
	assert_int_equal(fixture->result.exit_code, 0);
	if (!fixture->result.own_network) {
		print_message("no network namespace here\n");
		skip();
	}
	const char *expected = arena_printf(fixture->place->arena, "%ld\nlo ",
			(long)(options.drop_user ? options.uid : geteuid()));
	assert_string_equal(strbuf_text(&fixture->result.output), expected);
}

static void its_own_network_has_no_way_out(void **state)
{
	expect_no_way_out(*state, (struct child_options){0});
}

static void its_own_network_goes_with_a_dropped_user(void **state)
{
	if (geteuid() != 0)
		skip();
	expect_no_way_out(*state, (struct child_options){.drop_user = true, .uid = 12345, .gid = 23456});
}

/* Without root the namespace comes through a user namespace; the test gives its rights up in a process of its own. */
static void its_own_network_works_without_root(void **state)
{
	struct fixture *fixture = *state;
	int status;
	pid_t pid = fork();
	if (pid == 0) {
		struct child_options options = {.argv = SHELL("id -u; tail -n +3 /proc/net/dev"), .own_network = true};
		if (geteuid() == 0 && (setgid(23456) != 0 || setuid(12345) != 0))
			_exit(2);
		prctl(PR_SET_DUMPABLE, 1);
		if (child_run(fixture->loop, &options, &fixture->result, fixture->err) != OK)
			_exit(3);
		if (!fixture->result.own_network)
			_exit(77);
		const char *text = strbuf_text(&fixture->result.output);
		_exit(strtol(text, NULL, 10) == (long)geteuid() && strstr(text, "lo:") && !strstr(text, "eth") ? 0 : 4);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == 77)
		skip();
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void programs_are_found_on_absolute_folders_of_path_only(void **state)
{
	struct fixture *fixture = *state;
	struct arena *arena = fixture->place->arena;
	place_write(fixture->place, "tool", "#!/bin/sh\n");
	assert_null(child_find_program(arena, place_path(fixture->place, "tool")));
	assert_int_equal(chmod(place_path(fixture->place, "tool"), 0700), 0);
	char *before = strdup(getenv("PATH"));
	assert_int_equal(chdir(fixture->place->folder), 0);
	setenv("PATH", ":.:/nowhere", 1);
	assert_null(child_find_program(arena, "tool"));
	setenv("PATH", arena_printf(arena, "/nowhere:%s", fixture->place->folder), 1);
	assert_string_equal(child_find_program(arena, "tool"), place_path(fixture->place, "tool"));
	assert_string_equal(child_find_program(arena, "./tool"),
			arena_printf(arena, "%s/./tool", fixture->place->folder));
	setenv("PATH", before, 1);
	free(before);
	assert_int_equal(chdir("/"), 0);
}

#define CHILD_TEST(name) cmocka_unit_test_setup_teardown(name, open_fixture, close_fixture)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CHILD_TEST(output_errors_and_exit_code_come_back),
		CHILD_TEST(arguments_arrive_as_they_are),
		CHILD_TEST(lines_come_one_by_one_and_the_last_without_newline_too),
		CHILD_TEST(output_over_the_ceiling_is_cut_and_the_program_goes_on),
		CHILD_TEST(input_larger_than_a_pipe_arrives_whole),
		CHILD_TEST(a_program_that_ignores_its_input_is_fine),
		CHILD_TEST(without_input_it_reads_an_empty_one),
		CHILD_TEST(connection_variables_and_secrets_are_not_inherited),
		CHILD_TEST(no_descriptor_of_ours_is_inherited),
		CHILD_TEST(signals_are_as_at_a_fresh_start),
		CHILD_TEST(it_runs_in_the_given_folder),
		CHILD_TEST(a_missing_program_is_named),
		CHILD_TEST(what_the_system_cannot_execute_is_named),
		CHILD_TEST(a_missing_folder_is_an_error_before_it_runs),
		CHILD_TEST(death_by_a_signal_has_its_own_exit_code),
		CHILD_TEST(the_deadline_ends_it),
		CHILD_TEST(an_end_after_the_deadline_is_never_a_success),
		CHILD_TEST(a_stop_ends_the_whole_group),
		CHILD_TEST(killing_ends_the_group_and_null_is_fine),
		CHILD_TEST(its_end_wakes_who_waits_on_its_descriptor),
		CHILD_TEST(two_run_at_the_same_time),
		CHILD_TEST(what_it_leaves_in_the_background_is_not_waited_for),
		CHILD_TEST(it_dies_with_us),
		CHILD_TEST(root_drops_to_the_given_user),
		CHILD_TEST(its_own_network_has_no_way_out),
		CHILD_TEST(its_own_network_goes_with_a_dropped_user),
		CHILD_TEST(its_own_network_works_without_root),
		CHILD_TEST(programs_are_found_on_absolute_folders_of_path_only),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
