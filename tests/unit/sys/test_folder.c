#include "place.h"

#include <sys/stat.h>

static void folders_are_made_with_their_parents_and_private(void **state)
{
	struct place *place = *state;
	const char *path = place_path(place, "a/b/c");
	struct stat facts;
	assert_ok(place, folder_make(path, &place->err));
	assert_ok(place, folder_make(path, &place->err));
	assert_true(folder_exists(path));
	assert_int_equal(stat(place_path(place, "a"), &facts), 0);
	assert_int_equal(facts.st_mode & 07777, 0700);
}

static void a_file_in_the_way_of_a_folder_is_named(void **state)
{
	struct place *place = *state;
	place_write(place, "file", "x");
	const char *path = place_path(place, "file");
	assert_fails(place, folder_make(path, &place->err), FAIL_USAGE,
	             arena_printf(place->arena, "could not make folder \"%s\": Not a directory", path));
	const char *below = place_path(place, "file/below");
	assert_fails(place, folder_make(below, &place->err), FAIL_USAGE,
	             arena_printf(place->arena, "could not make folder \"%s\": Not a directory", below));
}

static void a_listing_is_sorted_by_bytes_and_without_dot_files(void **state)
{
	struct place *place = *state;
	struct text_list names = {0};
	place_write(place, "b", "");
	place_write(place, "a", "");
	place_write(place, "B", "");
	place_write(place, ".hidden", "");
	assert_ok(place, folder_list(place->arena, place->folder, &names, &place->err));
	assert_int_equal(names.count, 3);
	assert_string_equal(names.items[0], "B");
	assert_string_equal(names.items[1], "a");
	assert_string_equal(names.items[2], "b");
}

static void a_missing_folder_is_named(void **state)
{
	struct place *place = *state;
	struct text_list names = {0};
	const char *path = place_path(place, "none");
	assert_fails(place, folder_list(place->arena, path, &names, &place->err), FAIL_USAGE,
	             arena_printf(place->arena, "could not read folder \"%s\": No such file or directory", path));
	assert_int_equal(folder_size(path), -1);
	assert_int_equal(folder_free(path), -1);
}

static void removing_takes_the_tree_and_follows_no_link(void **state)
{
	struct place *place = *state;
	assert_ok(place, folder_make(place_path(place, "tree/deep/er"), &place->err));
	assert_ok(place, folder_make(place_path(place, "outside"), &place->err));
	place_write(place, "outside/keep", "me");
	place_write(place, "tree/deep/.hidden", "x");
	assert_int_equal(symlink(place_path(place, "outside"), place_path(place, "tree/link")), 0);
	assert_int_equal(symlink("/nowhere", place_path(place, "tree/deep/broken")), 0);
	assert_ok(place, folder_remove(place_path(place, "tree"), &place->err));
	assert_false(folder_exists(place_path(place, "tree")));
	assert_string_equal(place_read(place, "outside/keep"), "me");
}

static void removing_a_link_to_a_folder_removes_the_link(void **state)
{
	struct place *place = *state;
	assert_ok(place, folder_make(place_path(place, "outside"), &place->err));
	place_write(place, "outside/keep", "me");
	assert_int_equal(symlink(place_path(place, "outside"), place_path(place, "link")), 0);
	assert_ok(place, folder_remove(place_path(place, "link"), &place->err));
	assert_string_equal(place_read(place, "outside/keep"), "me");
	assert_false(file_exists(place_path(place, "link")));
}

static void removing_what_is_not_there_is_fine(void **state)
{
	struct place *place = *state;
	assert_ok(place, folder_remove(place_path(place, "none"), &place->err));
}

static void the_size_counts_regular_files_below(void **state)
{
	struct place *place = *state;
	assert_ok(place, folder_make(place_path(place, "a/b"), &place->err));
	place_write(place, "a/one", "12345");
	place_write(place, "a/b/two", "123");
	assert_int_equal(symlink(place_path(place, "a/one"), place_path(place, "a/link")), 0);
	assert_int_equal(folder_size(place->folder), 8);
	assert_true(folder_free(place->folder) > 0);
}

static void giving_a_folder_changes_the_owner_of_all_in_it(void **state)
{
	struct place *place = *state;
	struct stat facts;
	if (geteuid() != 0)
		skip();
	place_write(place, "outside", "");
	assert_ok(place, folder_make(place_path(place, "a/b"), &place->err));
	place_write(place, "a/b/file", "");
	assert_int_equal(symlink(place_path(place, "outside"), place_path(place, "a/link")), 0);
	assert_ok(place, folder_give(place_path(place, "a"), 12345, 23456, &place->err));
	assert_int_equal(stat(place_path(place, "a"), &facts), 0);
	assert_int_equal(facts.st_uid, 12345);
	assert_int_equal(stat(place_path(place, "a/b/file"), &facts), 0);
	assert_int_equal(facts.st_gid, 23456);
	assert_int_equal(stat(place_path(place, "outside"), &facts), 0);
	assert_int_equal(facts.st_uid, 0);
}

static const char *state_path(struct place *place)
{
	const char *path = NULL;
	assert_ok(place, state_folder(place->arena, &path, &place->err));
	assert_true(folder_exists(path));
	return path;
}

static void state_goes_where_xdg_says_else_into_the_home(void **state)
{
	struct place *place = *state;
	setenv("HOME", place_path(place, "home"), 1);
	setenv("XDG_STATE_HOME", place_path(place, "xdg"), 1);
	assert_string_equal(state_path(place), place_path(place, "xdg/pgsluice"));
	setenv("XDG_STATE_HOME", "relative", 1);
	assert_string_equal(state_path(place), place_path(place, "home/.local/state/pgsluice"));
	unsetenv("XDG_STATE_HOME");
	assert_string_equal(state_path(place), place_path(place, "home/.local/state/pgsluice"));
}

static void the_runtime_folder_is_ones_own_and_no_link(void **state)
{
	struct place *place = *state;
	struct stat facts;
	const char *path, *base = place_path(place, "runtime");
	const char *own = place_path(place, "runtime/pgsluice");

	assert_ok(place, folder_make(own, &place->err));
	assert_int_equal(chmod(own, 0777), 0);
	setenv("XDG_RUNTIME_DIR", base, 1);
	assert_ok(place, runtime_folder(place->arena, &path, &place->err));
	assert_string_equal(path, own);
	assert_int_equal(stat(own, &facts), 0);
	assert_int_equal(facts.st_mode & 07777, 0700);
	assert_int_equal(rename(own, place_path(place, "elsewhere")), 0);
	assert_int_equal(symlink(place_path(place, "elsewhere"), own), 0);
	assert_fails(place, runtime_folder(place->arena, &path, &place->err), FAIL_USAGE,
	             arena_printf(place->arena, "could not use folder \"%s\": Not a directory", own));
	assert_int_equal(unlink(own), 0);
	assert_ok(place, folder_make(own, &place->err));
	if (geteuid() == 0) {
		assert_int_equal(chown(own, 65534, 65534), 0);
		assert_fails(place, runtime_folder(place->arena, &path, &place->err), FAIL_USAGE,
		             arena_printf(place->arena, "folder \"%s\" belongs to another user", own));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		PLACE_TEST(folders_are_made_with_their_parents_and_private),
		PLACE_TEST(a_file_in_the_way_of_a_folder_is_named),
		PLACE_TEST(a_listing_is_sorted_by_bytes_and_without_dot_files),
		PLACE_TEST(a_missing_folder_is_named),
		PLACE_TEST(removing_takes_the_tree_and_follows_no_link),
		PLACE_TEST(removing_a_link_to_a_folder_removes_the_link),
		PLACE_TEST(removing_what_is_not_there_is_fine),
		PLACE_TEST(the_size_counts_regular_files_below),
		PLACE_TEST(giving_a_folder_changes_the_owner_of_all_in_it),
		PLACE_TEST(the_runtime_folder_is_ones_own_and_no_link),
		PLACE_TEST(state_goes_where_xdg_says_else_into_the_home),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
