#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "cli/setting.h"

static void the_keys_are_those_of_the_contract(void **state)
{
	static const char *const KEYS[] = {
		"environment", "history-table", "role", "window", "window-applies", "lock-timeout", "lock-budget",
		"statement-timeout", "guard", "guard-wait", "guard-waiting", "guard-latency", "guard-lag",
		"guard-connections", "guard-wal", "guard-disk",
		"validity-backup", "validity-rehearsal", "validity-plans",
		"validity-approval", "validity-preflight", "rollback", "approvals", "digest-ignore", "max-lag",
		"max-transaction-age", "work-dir", "backup-provider", "backup-command", "rehearsal-command", "disk-command",
		"notify-command", "verify-watch", "log", "log-format", "log-level", "canary-statements", "file-ceiling", "jobs",
	};
	size_t count;
	const struct setting_row *rows = settings_rows(&count);
	(void)state;
	assert_int_equal(count, sizeof(KEYS) / sizeof(KEYS[0]));
	for (size_t i = 0; i < count; i++) {
		assert_string_equal(rows[i].key, KEYS[i]);
		assert_int_equal(rows[i].help[strlen(rows[i].help) - 1], '.');
	}
}

static void defaults_are_what_the_table_says(void **state)
{
	_cleanup_arena_ struct arena *arena = arena_open();
	struct settings settings;
	(void)state;
	settings_init(arena, &settings);
	assert_null(settings.environment);
	assert_string_equal(settings.history_table, "schema_migrations");
	assert_null(settings.window);
	assert_int_equal(settings.window_applies, WINDOW_ALL);
	assert_int_equal(settings.lock_timeout_ms, 1000);
	assert_int_equal(settings.lock_budget_ms, 600000);
	assert_int_equal(settings.statement_timeout_ms, 0);
	assert_true(settings.guard);
	assert_int_equal(settings.guard_wait_ms, 1000);
	assert_int_equal(settings.guard_waiting, 5);
	assert_int_equal(settings.guard_latency_ms, 500);
	assert_int_equal(settings.guard_lag_ms, 30000);
	assert_int_equal(settings.guard_connections, 2);
	assert_int_equal(settings.guard_wal_bytes, 0);
	assert_int_equal(settings.guard_disk_bytes, 256 * 1024 * 1024);
	assert_int_equal(settings.rollback, ROLLBACK_REPORT);
	assert_int_equal(settings.approvals, 1);
	assert_int_equal(settings.max_lag_ms, 10000);
	assert_int_equal(settings.max_transaction_age_ms, 60000);
	assert_false(settings.backup_by_command);
	assert_int_equal(settings.verify_watch_ms, 120000);
	assert_int_equal(settings.file_ceiling_bytes, 64 << 20);
	assert_int_equal(settings.jobs, 2);
	assert_string_equal(settings.conninfo, "");
	for (enum gate gate = 0; gate < GATE_COUNT; gate++)
		assert_int_equal(settings.validity_ms[gate], gate_get(gate)->validity_ms);
}

static void set(struct arena *arena, struct settings *settings, const char *key, const char *value)
{
	_cleanup_error_ struct error err = {0};
	if (setting_set(arena, settings, key, value, &err))
		fail_msg("%s = %s: %s", key, value, err.message);
}

static void every_kind_of_value_is_read(void **state)
{
	_cleanup_arena_ struct arena *arena = arena_open();
	struct settings settings;
	(void)state;
	settings_init(arena, &settings);
	set(arena, &settings, "environment", "PROD");
	set(arena, &settings, "lock-timeout", "250ms");
	set(arena, &settings, "validity-approval", "2h");
	set(arena, &settings, "window", "Mon-Fri 22:00-04:00 Europe/Berlin");
	set(arena, &settings, "window-applies", "blocking");
	set(arena, &settings, "rollback", "require");
	set(arena, &settings, "approvals", "2");
	set(arena, &settings, "file-ceiling", "1 GiB");
	set(arena, &settings, "digest-ignore", "public.tmp_* partman.*");
	set(arena, &settings, "backup-provider", "command");
	set(arena, &settings, "backup-command", "/opt/backup 'two words'");
	set(arena, &settings, "not-checked.preflight.disk", "managed service");
	set(arena, &settings, "monitor.replica-lag", "30s 2min");
	set(arena, &settings, "monitor.sequences", "off");
	assert_int_equal(settings.alarms.of[ALARM_REPLICA_LAG].warning, 30000);
	assert_int_equal(settings.alarms.of[ALARM_REPLICA_LAG].critical, 120000);
	assert_true(settings.alarms.of[ALARM_SEQUENCES].off);
	assert_int_equal(settings.alarms.of[ALARM_CONNECTIONS].warning, 90);

	assert_string_equal(settings.environment, "PROD");
	assert_int_equal(settings.lock_timeout_ms, 250);
	assert_int_equal(settings.validity_ms[GATE_APPROVAL], 7200000);
	assert_string_equal(settings.window, "Mon-Fri 22:00-04:00 Europe/Berlin");
	assert_int_equal(settings.window_applies, WINDOW_BLOCKING);
	assert_int_equal(settings.rollback, ROLLBACK_REQUIRE);
	assert_int_equal(settings.approvals, 2);
	assert_int_equal(settings.file_ceiling_bytes, 1 << 30);
	assert_int_equal(settings.digest_ignore.count, 2);
	assert_string_equal(settings.digest_ignore.items[1], "partman.*");
	assert_true(settings.backup_by_command);
	assert_int_equal(settings.backup_command.count, 2);
	assert_string_equal(settings.backup_command.items[1], "two words");
	assert_int_equal(settings.not_checked.count, 1);
	assert_string_equal(settings.not_checked.items[0].check, "preflight.disk");
	assert_string_equal(settings.not_checked.items[0].reason, "managed service");

	set(arena, &settings, "environment", "");
	set(arena, &settings, "window", "");
	assert_null(settings.environment);
	assert_null(settings.window);
}

static void what_is_wrong_is_named_with_the_way_out(void **state)
{
	static const char CORRECT[] = "Correct the value; pgsluice.conf(5) says what each key takes.";
	static const struct {
		const char *key, *value, *message, *hint;
	} CASES[] = {
		{"lock-timout", "1s", "unknown key \"lock-timout\"", "Did you mean \"lock-timeout\"?"},
		{"colour", "red", "unknown key \"colour\"", "pgsluice.conf(5) lists the keys."},
		{"lock-timeout", "soon", "lock-timeout: \"soon\" is not a duration such as 250ms, 2s, 10min, 4h or 1d",
	         CORRECT},
		{"lock-timeout", "0", "lock-timeout: \"0\" is not at least 1 ms", CORRECT},
		{"lock-timeout", "", "lock-timeout: \"\" is not a duration such as 250ms, 2s, 10min, 4h or 1d", CORRECT},
		{"approvals", "3", "approvals: \"3\" is not between 1 and 2", CORRECT},
		{"approvals", "two", "approvals: \"two\" is not a number", CORRECT},
		{"jobs", "2kB", "jobs: \"2kB\" is not a number", CORRECT},
		{"file-ceiling", "64 files", "file-ceiling: \"64 files\" is not a size such as 64MiB", CORRECT},
		{"file-ceiling", "2GiB", "file-ceiling: \"2GiB\" is not between 1 and 1073741824 bytes", CORRECT},
		{"rollback", "maybe", "rollback: \"maybe\" is not report or require", CORRECT},
		{"window", "at night", "window \"at night\": days are not understood",
	         "Write days, times and a zone, as in \"Mon-Fri 22:00-04:00 Europe/Berlin\"."},
		{"notify-command", "mail 'ops", "notify-command: a ' quote is not closed",
	         "Words are separated by blanks and kept together by quotes; no shell reads them."},
		{"not-checked.preflight", "x", "check \"preflight\" cannot be switched off",
	         "Only preflight's checks and backup.space can be what a site does not have; waive others by name."},
		{"not-checked.verify.promise", "x", "check \"verify.promise\" cannot be switched off",
	         "Only preflight's checks and backup.space can be what a site does not have; waive others by name."},
		{"not-checked.preflight.disk", "", "check \"preflight.disk\" is switched off without a reason",
	         "Say why this site cannot have it: every run lists it with the reason."},
		{"monitor.replica-lags", "1s 2s", "there is no check \"replica-lags\" of the server's health",
	         "Did you mean \"replica-lag\"?"},
		{"monitor.replica-lag", "1s", "monitor.replica-lag: \"1s\" is not a warning and a critical limit such as "
	                                      "\"5s 1min\", or off", CORRECT},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
		_cleanup_arena_ struct arena *arena = arena_open();
		_cleanup_error_ struct error err = {0};
		struct settings settings, before;
		settings_init(arena, &settings);
		before = settings;
		if (setting_set(arena, &settings, CASES[i].key, CASES[i].value, &err) != FAIL_USAGE)
			fail_msg("row %zu was accepted", i);
		assert_string_equal(err.message, CASES[i].message);
		assert_string_equal(err.hint, CASES[i].hint);
		assert_memory_equal(&settings, &before, sizeof(settings));
	}
}

static void values_that_contradict_each_other_are_refused(void **state)
{
	_cleanup_arena_ struct arena *arena = arena_open();
	_cleanup_error_ struct error err = {0};
	struct settings settings;
	(void)state;
	settings_init(arena, &settings);
	assert_int_equal(settings_check(&settings, &err), OK);
	set(arena, &settings, "lock-timeout", "11min");
	assert_int_equal(settings_check(&settings, &err), FAIL_USAGE);
	assert_string_equal(err.message, "lock-timeout is longer than lock-budget");
	set(arena, &settings, "lock-timeout", "10min");
	set(arena, &settings, "backup-provider", "command");
	assert_int_equal(settings_check(&settings, &err), FAIL_USAGE);
	assert_string_equal(err.message, "backup-provider is command, and there is no backup-command");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_keys_are_those_of_the_contract),
		cmocka_unit_test(defaults_are_what_the_table_says),
		cmocka_unit_test(every_kind_of_value_is_read),
		cmocka_unit_test(what_is_wrong_is_named_with_the_way_out),
		cmocka_unit_test(values_that_contradict_each_other_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
