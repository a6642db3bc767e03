#include "place.h"

#include <sys/stat.h>

#include "sys/local_socket.h"

static void a_socket_is_found_only_while_somebody_holds_it(void **state)
{
	struct place *place = *state;
	const char *folder = place->folder;
	struct socket_peer peer;
	struct stat facts;
	int listener, fd, accepted;

	assert_false(socket_is_held(folder, "a.sock"));
	assert_fails(place, socket_connect(folder, "a.sock", &fd, &place->err), FAIL_USAGE,
	             arena_printf(place->arena, "could not connect to socket \"%s/a.sock\": No such file or directory",
	                          folder));
	error_clear(&place->err);
	assert_int_equal(socket_listen(folder, "a.sock", &listener, &place->err), OK);
	assert_int_equal(stat(place_path(place, "a.sock"), &facts), 0);
	assert_int_equal(facts.st_mode & 0777, 0600);
	assert_true(socket_is_held(folder, "a.sock"));
	assert_false(socket_accept(listener, &accepted)); /* asking disturbed nobody */

	assert_int_equal(socket_connect(folder, "a.sock", &fd, &place->err), OK);
	assert_true(socket_accept(listener, &accepted));
	assert_true(socket_peer(accepted, &peer));
	assert_int_equal(peer.uid, geteuid());
	assert_int_equal(peer.pid, getpid());
	close(fd);
	close(accepted);
	close(listener);
	assert_false(socket_is_held(folder, "a.sock"));
}

static void a_second_name_is_taken_by_one_and_left_by_the_dead(void **state)
{
	struct place *place = *state;
	const char *folder = place->folder;
	int first, second;

	assert_int_equal(socket_listen(folder, "a.sock", &first, &place->err), OK);
	assert_int_equal(socket_listen(folder, "b.sock", &second, &place->err), OK);
	assert_true(socket_claim(folder, "a.sock", "t.target"));
	assert_false(socket_claim(folder, "b.sock", "t.target"));
	close(first);
	assert_true(socket_claim(folder, "b.sock", "t.target"));
	assert_true(socket_is_held(folder, "t.target"));
	close(second);
}

static void a_line_goes_both_ways_and_an_end_is_seen(void **state)
{
	struct place *place = *state;
	int ends[2];
	char bytes[8];

	assert_int_equal(socket_two(ends, &place->err), OK);
	socket_set_waiting(ends[0], false);
	assert_int_equal(socket_receive(ends[0], bytes, sizeof(bytes)), 0);
	assert_int_equal(socket_send(ends[1], "a\n", 2), 2);
	assert_int_equal(socket_receive(ends[0], bytes, sizeof(bytes)), 2);
	socket_hang_up(ends[1]);
	assert_int_equal(socket_receive(ends[0], bytes, sizeof(bytes)), -1);
	close(ends[0]);
	close(ends[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		PLACE_TEST(a_socket_is_found_only_while_somebody_holds_it),
		PLACE_TEST(a_second_name_is_taken_by_one_and_left_by_the_dead),
		PLACE_TEST(a_line_goes_both_ways_and_an_end_is_seen),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
