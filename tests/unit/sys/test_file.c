#include "place.h"

#include <dirent.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

static mode_t mode_of(const char *path)
{
	struct stat facts;
	return stat(path, &facts) == 0 ? facts.st_mode & 07777 : 0;
}

/* How many names the folder has, hidden ones too. */
static int place_entries(const struct place *place)
{
	int count = -2;
	DIR *folder = opendir(place->folder);
	assert_non_null(folder);
	while (readdir(folder))
		count++;
	closedir(folder);
	return count;
}

static const char *with_path(struct place *place, const char *format, const char *path)
{
	const char *at = strstr(format, "%s");
	return arena_printf(place->arena, "%.*s%s%s", (int)(at - format), format, path, at + 2);
}

static void a_file_is_read_back_whole(void **state)
{
	struct place *place = *state;
	_cleanup_strbuf_ struct strbuf content = {0};
	char bytes[200001];
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (char)(i % 251);
	const char *path = place_path(place, "data");
	assert_ok(place, file_write(path, bytes, sizeof(bytes), &place->err));
	assert_ok(place, file_read(path, sizeof(bytes), &content, &place->err));
	assert_int_equal(content.length, sizeof(bytes));
	assert_memory_equal(content.data, bytes, sizeof(bytes));
	assert_int_equal(file_size(path), sizeof(bytes));
}

static void a_file_that_grows_is_read_on_from_where_one_was(void **state)
{
	struct place *place = *state;
	_cleanup_strbuf_ struct strbuf piece = {0};
	const char *path = place_path(place, "growing"), *none = place_path(place, "none");
	place_write(place, "growing", "12345");
	assert_ok(place, file_read_at(path, 0, 3, &piece, &place->err));
	assert_string_equal(strbuf_text(&piece), "123");
	assert_ok(place, file_read_at(path, 3, 3, &piece, &place->err));
	assert_string_equal(strbuf_text(&piece), "45");
	assert_ok(place, file_read_at(path, 5, 3, &piece, &place->err));
	assert_int_equal(piece.length, 0);
	assert_ok(place, file_append(path, "67", 2, &place->err));
	assert_ok(place, file_read_at(path, 5, 3, &piece, &place->err));
	assert_string_equal(strbuf_text(&piece), "67");
	assert_true(file_changed_ms(path) > 1500000000000);
	assert_int_equal(file_changed_ms(none), -1);
	assert_fails(place, file_read_at(none, 0, 3, &piece, &place->err), FAIL_USAGE,
	             with_path(place, "could not open file \"%s\": No such file or directory", none));
}

static void a_file_over_the_ceiling_is_refused(void **state)
{
	struct place *place = *state;
	_cleanup_strbuf_ struct strbuf content = {0};
	strbuf_puts(&content, "before");
	place_write(place, "big", "12345");
	const char *path = place_path(place, "big");
	assert_fails(place, file_read(path, 4, &content, &place->err), FAIL_REFUSED,
	             with_path(place, "file \"%s\" is larger than the allowed 4 bytes", path));
	assert_string_equal(strbuf_text(&content), "before");
	assert_ok(place, file_read(path, 5, &content, &place->err));
	assert_string_equal(strbuf_text(&content), "12345");
}

static void a_missing_file_is_named(void **state)
{
	struct place *place = *state;
	struct strbuf content = {0};
	const char *path = place_path(place, "none");
	assert_fails(place, file_read(path, 10, &content, &place->err), FAIL_USAGE,
	             with_path(place, "could not open file \"%s\": No such file or directory", path));
	assert_string_equal(place->err.hint, "Check the path: it is not there.");
	assert_int_equal(file_size(path), -1);
	assert_false(file_exists(path));
}

static void a_pipe_is_no_file_to_read(void **state)
{
	struct place *place = *state;
	struct strbuf content = {0};
	const char *path = place_path(place, "pipe");
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_fails(place, file_read(path, 10, &content, &place->err), FAIL_USAGE,
	             with_path(place, "\"%s\" is not a regular file", path));
}

static void writing_replaces_the_whole_file_and_keeps_it_private(void **state)
{
	struct place *place = *state;
	place_write(place, "file", "a longer first text");
	place_write(place, "file", "second");
	assert_string_equal(place_read(place, "file"), "second");
	assert_int_equal(mode_of(place_path(place, "file")), 0600);
}

/* A reader that has the old file open keeps the old content: it was replaced, never overwritten. */
static void writing_never_touches_the_old_file(void **state)
{
	struct place *place = *state;
	char bytes[16] = "";
	place_write(place, "file", "first");
	FILE *old = fopen(place_path(place, "file"), "r");
	assert_non_null(old);
	place_write(place, "file", "other");
	assert_int_equal(fread(bytes, 1, sizeof(bytes) - 1, old), 5);
	assert_string_equal(bytes, "first");
	fclose(old);
}

/* From here on no file of this process may grow over `bytes`: a full disk that every machine has. */
static void limit_files(rlim_t bytes)
{
	struct rlimit limit;
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &limit);
	limit.rlim_cur = bytes;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void a_failed_write_leaves_the_old_file_and_no_other(void **state)
{
	struct place *place = *state;
	const char *path = place_path(place, "file");
	place_write(place, "file", "old");
	limit_files(4);
	enum status status = file_write(path, "new and longer", 14, &place->err);
	limit_files(RLIM_INFINITY);
	assert_int_equal(status, FAIL_INTERNAL);
	assert_string_equal(place->err.message, with_path(place, "could not write file \"%s\": File too large", path));
	assert_string_equal(place->err.hint, "Raise the limit of file sizes (ulimit -f), then run again.");
	assert_string_equal(place_read(place, "file"), "old");
	assert_int_equal(place_entries(place), 1);
}

static void a_failed_append_leaves_no_half_record(void **state)
{
	struct place *place = *state;
	const char *path = place_path(place, "log");
	assert_ok(place, file_append(path, "one\n", 4, &place->err));
	limit_files(6);
	enum status status = file_append(path, "two\n", 4, &place->err);
	limit_files(RLIM_INFINITY);
	assert_int_equal(status, FAIL_INTERNAL);
	assert_string_equal(place->err.message,
	                    with_path(place, "could not append to file \"%s\": File too large", path));
	assert_string_equal(place_read(place, "log"), "one\n");
	assert_ok(place, file_append(path, "two\n", 4, &place->err));
	assert_string_equal(place_read(place, "log"), "one\ntwo\n");
	assert_int_equal(mode_of(path), 0600);
}

static void a_write_into_a_missing_folder_is_named(void **state)
{
	struct place *place = *state;
	const char *path = place_path(place, "none/file");
	assert_fails(place, file_write(path, "x", 1, &place->err), FAIL_USAGE,
	             with_path(place, "could not create file \"%s\": No such file or directory", path));
}

static void a_full_disk_is_named(void **state)
{
	struct place *place = *state;
	assert_fails(place, file_append("/dev/full", "x", 1, &place->err), FAIL_INTERNAL,
	             "could not append to file \"/dev/full\": No space left on device");
	assert_string_equal(place->err.hint,
	                    "Free space on that file system, or choose another folder, then run again.");
}

static void a_digest_is_sha256_of_the_bytes(void **state)
{
	struct place *place = *state;
	char hex[65];
	place_write(place, "abc", "abc");
	assert_ok(place, file_digest(place_path(place, "abc"), hex, &place->err));
	assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	const char *none = place_path(place, "none");
	assert_fails(place, file_digest(none, hex, &place->err), FAIL_USAGE,
	             with_path(place, "could not open file \"%s\": No such file or directory", none));
}

static void a_new_file_has_the_mode_of_the_umask_and_never_replaces_another(void **state)
{
	struct place *place = *state;
	const char *path = place_path(place, "new");
	struct stat facts;
	mode_t former = umask(027);
	assert_ok(place, file_add(path, "one", 3, &place->err));
	umask(former);
	assert_int_equal(stat(path, &facts), 0);
	assert_int_equal(facts.st_mode & 0777, 0640);
	assert_fails(place, file_add(path, "two", 3, &place->err), FAIL_USAGE,
	             with_path(place, "file \"%s\" is there already", path));
	assert_string_equal(place->err.hint, "Choose another name, or remove that file.");
	assert_int_equal(file_size(path), 3);
}

static void a_lock_is_held_by_one_and_names_its_holder(void **state)
{
	struct place *place = *state;
	const char *path = place_path(place, "lock");
	int fd, other;
	assert_ok(place, file_lock(path, &fd, &place->err));
	assert_fails(place, file_lock(path, &other, &place->err), FAIL_BUSY,
	             with_path(place, "another run holds the lock file \"%s\"", path));
	char host[256] = "";
	gethostname(host, sizeof(host) - 1);
	assert_string_equal(place->err.detail, arena_printf(place->arena, "The holder is process %ld on host %s.",
	                                                    (long)getpid(), host));
	file_unlock(fd);
	assert_ok(place, file_lock(path, &fd, &place->err));
	file_unlock(fd);
}

static void a_lock_that_is_shared_keeps_out_who_wants_it_alone(void **state)
{
	struct place *place = *state;
	const char *path = place_path(place, "lock");
	int first, second, alone;
	assert_ok(place, file_lock_shared(path, 0, &first, &place->err));
	assert_ok(place, file_lock_shared(path, 0, &second, &place->err));
	file_unlock(first);
	assert_fails(place, file_lock_alone(path, 5, &alone, &place->err), FAIL_BUSY,
	             with_path(place, "another process holds the lock file \"%s\"", path));
	file_unlock(second);
	assert_ok(place, file_lock_alone(path, 0, &alone, &place->err));
	assert_fails(place, file_lock_shared(path, 0, &first, &place->err), FAIL_BUSY,
	             with_path(place, "another process holds the lock file \"%s\"", path));
	file_unlock(alone);
}

static void a_lock_ends_with_its_process(void **state)
{
	struct place *place = *state;
	const char *path = place_path(place, "lock");
	int fd, status;
	pid_t pid = fork();
	if (pid == 0)
		_exit(file_lock(path, &fd, &place->err) == OK ? 0 : 1);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_ok(place, file_lock(path, &fd, &place->err));
	file_unlock(fd);
}

static void joining_puts_one_slash_between(void **state)
{
	struct place *place = *state;
	assert_string_equal(path_join(place->arena, "a", "b"), "a/b");
	assert_string_equal(path_join(place->arena, "a//", "b"), "a/b");
	assert_string_equal(path_join(place->arena, "/", "b"), "/b");
	assert_string_equal(path_join(place->arena, "", "b"), "b");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		PLACE_TEST(a_file_is_read_back_whole),
		PLACE_TEST(a_file_that_grows_is_read_on_from_where_one_was),
		PLACE_TEST(a_file_over_the_ceiling_is_refused),
		PLACE_TEST(a_missing_file_is_named),
		PLACE_TEST(a_pipe_is_no_file_to_read),
		PLACE_TEST(writing_replaces_the_whole_file_and_keeps_it_private),
		PLACE_TEST(writing_never_touches_the_old_file),
		PLACE_TEST(a_failed_write_leaves_the_old_file_and_no_other),
		PLACE_TEST(a_failed_append_leaves_no_half_record),
		PLACE_TEST(a_write_into_a_missing_folder_is_named),
		PLACE_TEST(a_full_disk_is_named),
		PLACE_TEST(a_digest_is_sha256_of_the_bytes),
		PLACE_TEST(a_new_file_has_the_mode_of_the_umask_and_never_replaces_another),
		PLACE_TEST(a_lock_is_held_by_one_and_names_its_holder),
		PLACE_TEST(a_lock_that_is_shared_keeps_out_who_wants_it_alone),
		PLACE_TEST(a_lock_ends_with_its_process),
		PLACE_TEST(joining_puts_one_slash_between),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
