#include "place.h"

#include "sys/logout.h"

static void put(struct place *place, const char *folder, const char *name, const char *text)
{
	assert_ok(place, folder_make(place_path(place, folder), &place->err));
	place_write(place, arena_printf(place->arena, "%s/%s", folder, name), text);
}

static void logging_out_kills_where_the_last_setting_says_so(void **state)
{
	struct place *place = *state;
	uid_t somebody = 1;

	setenv("XDG_SESSION_ID", "7", 1);
	assert_false(logout_kills(place->folder, somebody));
	put(place, "etc/systemd", "logind.conf", "[Login]\n#KillUserProcesses=no\nKillUserProcesses=yes\n");
	assert_true(logout_kills(place->folder, somebody));
	assert_false(logout_kills(place->folder, 0));
	put(place, "etc/systemd/logind.conf.d", "10-own.conf", "[Login]\nKillUserProcesses = no\n");
	assert_false(logout_kills(place->folder, somebody));
	put(place, "etc/systemd/logind.conf.d", "20-own.conf", "[Login]\n KillUserProcesses=1");
	assert_true(logout_kills(place->folder, somebody));
	put(place, "etc/systemd/logind.conf.d", "30-own.other", "[Login]\n KillUserProcesses=no");
	assert_true(logout_kills(place->folder, somebody));
}

static void who_lingers_or_is_in_no_login_is_spared(void **state)
{
	struct place *place = *state;
	uid_t somebody = 1;

	put(place, "etc/systemd", "logind.conf", "[Login]\nKillUserProcesses=yes\n");
	unsetenv("XDG_SESSION_ID");
	assert_false(logout_kills(place->folder, somebody));
	setenv("XDG_SESSION_ID", "7", 1);
	assert_true(logout_kills(place->folder, somebody));
	put(place, "var/lib/systemd/linger", "daemon", "");
	assert_false(logout_kills(place->folder, somebody));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		PLACE_TEST(logging_out_kills_where_the_last_setting_says_so),
		PLACE_TEST(who_lingers_or_is_in_no_login_is_spared),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
