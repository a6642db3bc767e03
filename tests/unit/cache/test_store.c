#include "cache.h"

#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "sys/clock.h"

static const char NO_DATABASE[] =
	"this is no database, and long enough to be one: 0123456789 0123456789 0123456789 0123456789";

/* Nobody, on every Debian. */
enum { NOBODY = 65534 };

static int trouble_close(void **state)
{
	struct fixture *fixture = *state;
	if (fixture->unprivileged && seteuid(0) != 0)
		return -1;
	plan_cache_close(fixture->cache);
	fixture->cache = NULL;
	if (fixture->mounted && umount(place_path(fixture->place, "disk")) != 0)
		return -1;
	return fixture_close(state);
}

#define TROUBLE_TEST(name) cmocka_unit_test_setup_teardown(name, fixture_open, trouble_close)

static enum status try_open(struct fixture *fixture)
{
	plan_cache_close(fixture->cache);
	fixture->cache = NULL;
	return plan_cache_open(fixture->path, &(struct plan_cache_limits){.busy_ms = 200}, &fixture->cache,
	                       &fixture->place->err);
}

static enum status try_add(struct fixture *fixture, const char *shape)
{
	struct cached_plan plan = make_plan(fixture, shape);
	return plan_cache_add(fixture->cache, &plan, &fixture->place->err);
}

#define WITH_PATH(fixture, format) arena_printf((fixture)->place->arena, format, (fixture)->path)

static void write_bytes(const char *path, int64_t offset, const char *bytes, size_t length)
{
	FILE *file = fopen(path, "r+");
	assert_non_null(file);
	fseek(file, (long)offset, SEEK_SET);
	assert_int_equal(fwrite(bytes, 1, length, file), length);
	fclose(file);
}

static void copy_file(struct fixture *fixture, const char *from, const char *to)
{
	struct strbuf bytes = {0};
	assert_ok(fixture->place, file_read(place_path(fixture->place, from), 1 << 24, &bytes, &fixture->place->err));
	assert_ok(fixture->place,
	          file_write(place_path(fixture->place, to), strbuf_text(&bytes), bytes.length, &fixture->place->err));
	strbuf_clear(&bytes);
}

/* ---- the file is the user's own ---- */

static int mode_of(const char *path)
{
	struct stat facts;
	assert_int_equal(stat(path, &facts), 0);
	return (int)(facts.st_mode & 07777);
}

static void the_file_is_private(void **state)
{
	struct fixture *fixture = *state;
	open_cache(fixture, NULL);
	assert_int_equal(mode_of(fixture->path), 0600);
	assert_int_equal(chmod(fixture->path, 0644), 0);
	open_cache(fixture, NULL);
	assert_int_equal(mode_of(fixture->path), 0600);
}

static void the_folder_is_the_users_cache_folder(void **state)
{
	struct fixture *fixture = *state;
	const char *path;
	setenv("XDG_CACHE_HOME", place_path(fixture->place, "cache"), 1);
	assert_ok(fixture->place, plan_cache_path(fixture->place->arena, &path, &fixture->place->err));
	assert_string_equal(path, place_path(fixture->place, "cache/pgsluice/plans.sqlite"));
	assert_int_equal(mode_of(place_path(fixture->place, "cache/pgsluice")), 0700);
	setenv("XDG_CACHE_HOME", "relative", 1);
	setenv("HOME", place_path(fixture->place, "home"), 1);
	assert_ok(fixture->place, plan_cache_path(fixture->place->arena, &path, &fixture->place->err));
	assert_string_equal(path, place_path(fixture->place, "home/.cache/pgsluice/plans.sqlite"));
}

static void a_link_or_folder_in_its_place_is_refused(void **state)
{
	struct fixture *fixture = *state;
	place_write(fixture->place, "elsewhere", "");
	assert_int_equal(symlink(place_path(fixture->place, "elsewhere"), fixture->path), 0);
	const char *message = WITH_PATH(fixture, "\"%s\" is not a file of this user");
	assert_fails(fixture->place, try_open(fixture), FAIL_USAGE, message);
	assert_int_equal(unlink(fixture->path), 0);
	assert_int_equal(mkdir(fixture->path, 0700), 0);
	assert_fails(fixture->place, try_open(fixture), FAIL_USAGE, message);
}

/* ---- damaged ---- */

static void expect_begun_anew(struct fixture *fixture)
{
	struct arena *arena = fixture->place->arena;
	assert_string_equal(plan_cache_notice(fixture->cache, arena),
	                    WITH_PATH(fixture, "The plan cache was damaged. It was set aside as \"%s.damaged\", and a new "
	                                       "one begun."));
	assert_null(plan_cache_notice(fixture->cache, arena));
	assert_true(file_exists(place_path(fixture->place, "plans.sqlite.damaged")));
	assert_int_equal(mode_of(fixture->path), 0600);
	assert_int_equal(history(fixture, NULL).count, 0);
	add_shapes(fixture, "ab");
	assert_string_equal(shapes_kept(fixture), "ab");
}

static void a_file_of_something_else_is_set_aside(void **state)
{
	struct fixture *fixture = *state;
	place_write(fixture->place, "plans.sqlite", NO_DATABASE);
	open_cache(fixture, NULL);
	expect_begun_anew(fixture);
	assert_string_equal(place_read(fixture->place, "plans.sqlite.damaged"),
	                    NO_DATABASE);
}

static void a_file_cut_short_is_set_aside(void **state)
{
	struct fixture *fixture = *state;
	open_cache(fixture, NULL);
	add_shapes(fixture, "aaaa");
	plan_cache_close(fixture->cache);
	fixture->cache = NULL;
	assert_int_equal(truncate(fixture->path, 6000), 0);
	open_cache(fixture, NULL);
	assert_int_equal(history(fixture, NULL).count, 0);
	expect_begun_anew(fixture);
}

static void damage_that_comes_while_it_is_open_is_set_aside(void **state)
{
	struct fixture *fixture = *state;
	static const char NOISE[8192] = {[0] = 'x', [4096] = 'y'};
	open_cache(fixture, NULL);
	add_shapes(fixture, "aaaa");
	write_bytes(fixture->path, 0, NOISE, sizeof(NOISE));
	assert_ok(fixture->place, try_add(fixture, "z"));
	assert_string_equal(shapes_kept(fixture), "z");
	assert_non_null(plan_cache_notice(fixture->cache, fixture->place->arena));
}

/* Every page but the first, one at a time: whatever is read there, each call does its work or says why not. */
static void noise_in_any_page_ends_nothing(void **state)
{
	struct fixture *fixture = *state;
	char noise[4096];
	memset(noise, 0xa5, sizeof(noise));
	for (int page = 1; page < 9; page++) {
		plan_cache_close(fixture->cache);
		fixture->cache = NULL;
		unlink(fixture->path);
		open_cache(fixture, NULL);
		add_shapes(fixture, "aabbaabbaabb");
		write_bytes(fixture->path, 4096 * (int64_t)page, noise, sizeof(noise));
		open_cache(fixture, NULL);
		assert_ok(fixture->place, try_add(fixture, "c"));
		struct cached_plan_list plans = history(fixture, NULL);
		assert_true(plans.count >= 1);
		assert_string_equal(plans.items[0].shape, "c");
		changes(fixture, NULL);
	}
}

/* What a killed process leaves: the file with half of a transaction in it, and the journal to undo that. */
static void a_writer_that_was_killed_leaves_what_was_committed(void **state)
{
	struct fixture *fixture = *state;
	open_cache(fixture, NULL);
	add_shapes(fixture, "ab");
	sqlite3 *other = other_handle(fixture);
	other_does(other, "PRAGMA cache_size = 1; BEGIN; UPDATE series SET sql = 'half'");
	other_does(other, "UPDATE plan SET document = hex(randomblob(200000))");
	copy_file(fixture, "plans.sqlite", "killed.sqlite");
	copy_file(fixture, "plans.sqlite-journal", "killed.sqlite-journal");
	sqlite3_close(other);

	fixture->path = place_path(fixture->place, "killed.sqlite");
	open_cache(fixture, NULL);
	assert_string_equal(history(fixture, NULL).items[0].sql, "SELECT * FROM orders WHERE customer = $1");
	add_shapes(fixture, "c");
	assert_string_equal(shapes_kept(fixture), "abc");
	assert_null(plan_cache_notice(fixture->cache, fixture->place->arena));
	assert_false(file_exists(place_path(fixture->place, "killed.sqlite-journal")));
}

/* Left behind, it would be played back into the new file. */
static void a_damaged_files_journal_goes_with_it(void **state)
{
	struct fixture *fixture = *state;
	place_write(fixture->place, "plans.sqlite", NO_DATABASE);
	place_write(fixture->place, "plans.sqlite-journal", "some journal");
	open_cache(fixture, NULL);
	expect_begun_anew(fixture);
	assert_false(file_exists(place_path(fixture->place, "plans.sqlite-journal")));
}

static void a_file_that_was_removed_while_open_is_begun_anew(void **state)
{
	struct fixture *fixture = *state;
	open_cache(fixture, NULL);
	add_shapes(fixture, "ab");
	assert_int_equal(unlink(fixture->path), 0);
	add_shapes(fixture, "c");
	assert_string_equal(shapes_kept(fixture), "c");
	assert_true(file_exists(fixture->path));
	assert_null(plan_cache_notice(fixture->cache, fixture->place->arena));
}

/* ---- forms ---- */

static void expect_left_alone(struct fixture *fixture, const char *message)
{
	char before[65], after[65];
	assert_ok(fixture->place, file_digest(fixture->path, before, &fixture->place->err));
	assert_fails(fixture->place, try_open(fixture), FAIL_USAGE, message);
	assert_ok(fixture->place, file_digest(fixture->path, after, &fixture->place->err));
	assert_string_equal(before, after);
	assert_false(file_exists(place_path(fixture->place, "plans.sqlite.damaged")));
}

static void a_cache_of_a_newer_version_is_left_alone(void **state)
{
	struct fixture *fixture = *state;
	open_cache(fixture, NULL);
	add_shapes(fixture, "a");
	sqlite3 *other = other_handle(fixture);
	other_does(other, "PRAGMA user_version = 99");
	sqlite3_close(other);
	/* Also when it became newer under our eyes. */
	const char *message = WITH_PATH(fixture, "the plan cache \"%s\" was written by a newer pgsluice");
	assert_fails(fixture->place, try_add(fixture, "b"), FAIL_USAGE, message);
	expect_left_alone(fixture, message);
	assert_non_null(strstr(fixture->place->err.detail, "It has form 99, and this one knows forms up to "));
}

static void a_database_of_others_is_left_alone(void **state)
{
	struct fixture *fixture = *state;
	sqlite3 *other = other_handle(fixture);
	other_does(other, "CREATE TABLE mine (a)");
	sqlite3_close(other);
	expect_left_alone(fixture, WITH_PATH(fixture, "the file \"%s\" is no plan cache"));
}

static void an_empty_file_becomes_a_cache(void **state)
{
	struct fixture *fixture = *state;
	place_write(fixture->place, "plans.sqlite", "");
	open_cache(fixture, NULL);
	add_shapes(fixture, "a");
	assert_string_equal(shapes_kept(fixture), "a");
	assert_null(plan_cache_notice(fixture->cache, fixture->place->arena));
}

/* ---- what cannot be written ---- */

/* From here on this process has no more rights to the test's folder than nobody. */
static void give_up_rights(struct fixture *fixture)
{
	if (geteuid() != 0)
		return;
	assert_ok(fixture->place, folder_give(fixture->place->folder, NOBODY, NOBODY, &fixture->place->err));
	assert_int_equal(seteuid(NOBODY), 0);
	fixture->unprivileged = true;
}

static void a_cache_that_is_read_only_answers_and_says_why_it_keeps_nothing(void **state)
{
	struct fixture *fixture = *state;
	open_cache(fixture, NULL);
	add_shapes(fixture, "ab");
	plan_cache_close(fixture->cache);
	fixture->cache = NULL;
	assert_int_equal(chmod(fixture->path, 0400), 0);
	assert_int_equal(chmod(fixture->place->folder, 0500), 0);
	give_up_rights(fixture);
	open_cache(fixture, NULL);
	assert_string_equal(shapes_kept(fixture), "ab");
	assert_fails(fixture->place, try_add(fixture, "c"), FAIL_USAGE,
	             WITH_PATH(fixture, "could not write the plan cache \"%s\": attempt to write a readonly database"));
	assert_string_equal(shapes_kept(fixture), "ab");
	assert_int_equal(chmod(fixture->place->folder, 0700), 0);
}

static void a_read_only_folder_without_a_cache_is_named(void **state)
{
	struct fixture *fixture = *state;
	assert_int_equal(chmod(fixture->place->folder, 0500), 0);
	give_up_rights(fixture);
	assert_fails(fixture->place, try_open(fixture), FAIL_USAGE,
	             WITH_PATH(fixture, "could not make the plan cache \"%s\": Permission denied"));
	assert_int_equal(chmod(fixture->place->folder, 0700), 0);
}

static void a_read_only_folder_with_a_writable_file_is_named(void **state)
{
	struct fixture *fixture = *state;
	open_cache(fixture, NULL);
	add_shapes(fixture, "a");
	assert_int_equal(chmod(fixture->place->folder, 0500), 0);
	give_up_rights(fixture);
	open_cache(fixture, NULL);
	assert_int_equal(try_add(fixture, "b"), FAIL_USAGE);
	assert_non_null(strstr(fixture->place->err.message, "could not write the plan cache"));
	assert_string_equal(shapes_kept(fixture), "a");
	assert_int_equal(chmod(fixture->place->folder, 0700), 0);
}

/* A file system that is really full; only root can make one. */
static void a_full_disk_is_named_and_used_again_when_there_is_room(void **state)
{
	struct fixture *fixture = *state;
	const char *disk = place_path(fixture->place, "disk"), *filler = place_path(fixture->place, "disk/filler");
	assert_ok(fixture->place, folder_make(disk, &fixture->place->err));
	if (mount("none", disk, "tmpfs", 0, "size=256k") != 0) {
		print_message("             no file system can be mounted here, so that none can be full: left out\n");
		skip();
	}
	fixture->mounted = true;
	fixture->path = place_path(fixture->place, "disk/plans.sqlite");
	open_cache(fixture, NULL);
	add_shapes(fixture, "ab");

	FILE *file = fopen(filler, "w");
	assert_non_null(file);
	setvbuf(file, NULL, _IONBF, 0);
	while (fputc('x', file) != EOF)
		;
	fclose(file);
	const char *message = WITH_PATH(fixture, "no room for the plan cache \"%s\"");
	assert_fails(fixture->place, try_add(fixture, "c"), FAIL_INTERNAL, message);
	assert_string_equal(shapes_kept(fixture), "ab");
	assert_int_equal(unlink(filler), 0);
	add_shapes(fixture, "d");
	assert_string_equal(shapes_kept(fixture), "abd");
}

static void a_limit_of_file_sizes_is_survived(void **state)
{
	struct fixture *fixture = *state;
	struct rlimit limit, small;
	open_cache(fixture, NULL);
	add_shapes(fixture, "ab");
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &limit);
	small = limit;
	small.rlim_cur = 100;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	enum status status = try_add(fixture, "c");
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	assert_int_equal(status, FAIL_INTERNAL);
	assert_string_equal(fixture->place->err.message,
	                    WITH_PATH(fixture, "the plan cache \"%s\" failed: disk I/O error"));
	add_shapes(fixture, "d");
	assert_string_equal(shapes_kept(fixture), "abd");
}

/* ---- several processes ---- */

static void a_locked_cache_is_waited_for_once(void **state)
{
	struct fixture *fixture = *state;
	const char *message = WITH_PATH(fixture, "the plan cache \"%s\" is locked by another process");
	open_cache(fixture, &(struct plan_cache_limits){.busy_ms = 200});
	add_shapes(fixture, "a");
	sqlite3 *other = other_handle(fixture);
	other_does(other, "BEGIN EXCLUSIVE");

	int64_t start = clock_ms();
	assert_fails(fixture->place, try_add(fixture, "b"), FAIL_BUSY, message);
	assert_true(clock_ms() - start >= 200);
	start = clock_ms();
	for (int i = 0; i < 20; i++)
		assert_fails(fixture->place, try_add(fixture, "b"), FAIL_BUSY, message);
	assert_true(clock_ms() - start < 2000);
	struct cached_plan_list plans;
	assert_fails(fixture->place, plan_cache_history(fixture->cache, fixture->place->arena, NULL, 1, &plans,
	                                                &fixture->place->err), FAIL_BUSY, message);

	other_does(other, "COMMIT");
	add_shapes(fixture, "c");
	assert_string_equal(shapes_kept(fixture), "ac");
	other_does(other, "BEGIN EXCLUSIVE");
	start = clock_ms();
	assert_fails(fixture->place, try_add(fixture, "b"), FAIL_BUSY, message);
	assert_true(clock_ms() - start >= 200);
	assert_fails(fixture->place, try_open(fixture), FAIL_BUSY, message);
	sqlite3_close(other);
}

/* A child's part: no assertions, which would go on with the parent's tests. */
static int add_many(struct fixture *fixture, const char *query, int count)
{
	struct plan_cache *cache;
	if (plan_cache_open(fixture->path, &(struct plan_cache_limits){.newest = 10000, .busy_ms = 60000}, &cache,
	                    &fixture->place->err) != OK)
		return 1;
	for (int i = 0; i < count; i++) {
		struct cached_plan plan = make_plan(fixture, i % 2 ? "a" : "b");
		plan.sql = query;
		if (plan_cache_add(cache, &plan, &fixture->place->err) != OK)
			return 2;
	}
	plan_cache_close(cache);
	return 0;
}

static void start_and_expect_all_well(struct fixture *fixture, int count)
{
	enum { CHILDREN = 3 };
	pid_t children[CHILDREN];
	for (int i = 0; i < CHILDREN; i++) {
		children[i] = fork();
		if (children[i] == 0)
			_exit(add_many(fixture, arena_printf(fixture->place->arena, "SELECT %s FROM t", &"ccc"[i]), count));
	}
	for (int i = 0; i < CHILDREN; i++) {
		int status;
		assert_int_equal(waitpid(children[i], &status, 0), children[i]);
		assert_int_equal(status, 0);
	}
	open_cache(fixture, NULL);
	assert_int_equal(history(fixture, NULL).count, CHILDREN * count);
	assert_int_equal(changes(fixture, NULL).count, CHILDREN * (count - 1));
}

/* The file is not there yet: they also race for making it. */
static void several_processes_begin_and_fill_one_cache(void **state)
{
	start_and_expect_all_well(*state, 50);
}

static void several_processes_set_a_damaged_file_aside_once(void **state)
{
	struct fixture *fixture = *state;
	/* Often, for it matters between which two steps of one process another is: its journal must stay its own. */
	for (int round = 0; round < 50; round++) {
		enum { CHILDREN = 6 };
		pid_t children[CHILDREN];
		place_write(fixture->place, "plans.sqlite", NO_DATABASE);
		for (int i = 0; i < CHILDREN; i++) {
			children[i] = fork();
			if (children[i] == 0)
				_exit(add_many(fixture, "SELECT 1", 1));
		}
		for (int i = 0; i < CHILDREN; i++) {
			int status;
			assert_int_equal(waitpid(children[i], &status, 0), children[i]);
			assert_int_equal(status, 0);
		}
		assert_string_equal(place_read(fixture->place, "plans.sqlite.damaged"), NO_DATABASE);
	}
	open_cache(fixture, NULL);
	assert_true(history(fixture, NULL).count >= 1);
	assert_null(plan_cache_notice(fixture->cache, fixture->place->arena));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TROUBLE_TEST(the_file_is_private),
		TROUBLE_TEST(the_folder_is_the_users_cache_folder),
		TROUBLE_TEST(a_link_or_folder_in_its_place_is_refused),
		TROUBLE_TEST(a_file_of_something_else_is_set_aside),
		TROUBLE_TEST(a_file_cut_short_is_set_aside),
		TROUBLE_TEST(damage_that_comes_while_it_is_open_is_set_aside),
		TROUBLE_TEST(noise_in_any_page_ends_nothing),
		TROUBLE_TEST(a_writer_that_was_killed_leaves_what_was_committed),
		TROUBLE_TEST(a_damaged_files_journal_goes_with_it),
		TROUBLE_TEST(a_file_that_was_removed_while_open_is_begun_anew),
		TROUBLE_TEST(a_cache_of_a_newer_version_is_left_alone),
		TROUBLE_TEST(a_database_of_others_is_left_alone),
		TROUBLE_TEST(an_empty_file_becomes_a_cache),
		TROUBLE_TEST(a_cache_that_is_read_only_answers_and_says_why_it_keeps_nothing),
		TROUBLE_TEST(a_read_only_folder_without_a_cache_is_named),
		TROUBLE_TEST(a_read_only_folder_with_a_writable_file_is_named),
		TROUBLE_TEST(a_full_disk_is_named_and_used_again_when_there_is_room),
		TROUBLE_TEST(a_limit_of_file_sizes_is_survived),
		TROUBLE_TEST(a_locked_cache_is_waited_for_once),
		TROUBLE_TEST(several_processes_begin_and_fill_one_cache),
		TROUBLE_TEST(several_processes_set_a_damaged_file_aside_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
