#include "cli/setting.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/panic.h"
#include "base/text.h"
#include "cli/words.h"
#include "console/keymap.h"
#include "core/flow/window.h"

#define AT(member) .offset = offsetof(struct settings, member)
#define VALIDITY(gate) .offset = offsetof(struct settings, validity_ms) + sizeof(int64_t) * (gate)

static void choose_provider(struct settings *settings, size_t word)
{
	settings->backup_by_command = word == 1;
}

static void choose_rollback(struct settings *settings, size_t word)
{
	settings->rollback = word == 1 ? ROLLBACK_REQUIRE : ROLLBACK_REPORT;
}

static void choose_scope(struct settings *settings, size_t word)
{
	settings->window_applies = word == 1 ? WINDOW_BLOCKING : WINDOW_ALL;
}

static void choose_guard(struct settings *settings, size_t word)
{
	settings->guard = word == 0;
}

static void choose_log_format(struct settings *settings, size_t word)
{
	settings->log_format = word == 1 ? LOG_FORM_LOGFMT : LOG_FORM_JSON;
}

static void choose_log_level(struct settings *settings, size_t word)
{
	settings->log_level = (enum log_level)word;
}

static const char *const GUARDS[] = {"on", "off", NULL};
static const char *const LOG_FORMATS[] = {"json", "logfmt", NULL};
static const char *const LOG_LEVELS[] = {"debug", "info", "notice", "warning", "error", NULL};
static const char *const PROVIDERS[] = {"dump", "command", NULL};
static const char *const ROLLBACKS[] = {"report", "require", NULL};
static const char *const SCOPES[] = {"all", "blocking", NULL};

static const struct setting_row ROWS[] = {
	{.key = "environment", .kind = SETTING_TEXT, AT(environment),
	 .help = "The word for this target, as in PROD; it is part of the plan id and of every title."},
	{.key = "history-table", .kind = SETTING_TEXT, AT(history_table), .fallback = "schema_migrations",
	 .help = "The table of applied migrations; without a schema it is looked for on the role's search path."},
	{.key = "role", .kind = SETTING_TEXT, AT(role),
	 .help = "The role to SET ROLE to after login, on the target and in the rehearsal."},
	{.key = "window", .kind = SETTING_WINDOW, AT(window),
	 .help = "When live may be changed: days, times and a zone, by the server's clock; without it, always."},
	{.key = "window-applies", .kind = SETTING_CHOICE, .words = SCOPES, .choose = choose_scope, .fallback = "all",
	 .help = "Whether the window holds for all plans, or only for those with statements that block others."},
	{.key = "lock-timeout", .kind = SETTING_DURATION, AT(lock_timeout_ms), .fallback = "1s", .minimum = 1,
	 .help = "How long one attempt waits for a lock, and so how long others may queue behind it."},
	{.key = "lock-budget", .kind = SETTING_DURATION, AT(lock_budget_ms), .fallback = "10min", .minimum = 1,
	 .help = "How long all attempts of one step may take together; then the run ends with 21."},
	{.key = "statement-timeout", .kind = SETTING_DURATION, AT(statement_timeout_ms), .fallback = "0",
	 .help = "How long one statement may run on live; 0 sets no limit."},
	{.key = "guard", .kind = SETTING_CHOICE, .words = GUARDS, .choose = choose_guard, .fallback = "on",
	 .help = "Whether a step that passes one of the guard's limits is cancelled and tried again later."},
	{.key = "guard-wait", .kind = SETTING_DURATION, AT(guard_wait_ms), .fallback = "1s",
	 .help = "How long anybody may wait behind the apply before it is pulled back; 0 sets no limit."},
	{.key = "guard-waiting", .kind = SETTING_NUMBER, AT(guard_waiting), .fallback = "5", .maximum = 90,
	 .help = "How many sessions may wait behind the apply at once, each for 100 ms; 0 sets no limit."},
	{.key = "guard-latency", .kind = SETTING_DURATION, AT(guard_latency_ms), .fallback = "500ms",
	 .help = "How far p99 of the latency probe may rise above what it was before; 0 sets no limit."},
	{.key = "guard-lag", .kind = SETTING_DURATION, AT(guard_lag_ms), .fallback = "30s",
	 .help = "How far behind a standby may fall during the apply; 0 sets no limit."},
	{.key = "guard-connections", .kind = SETTING_NUMBER, AT(guard_connections), .fallback = "2",
	 .maximum = 10000, .help = "How many connections must be left to others during the apply; 0 sets no limit."},
	{.key = "guard-wal", .kind = SETTING_SIZE, AT(guard_wal_bytes), .fallback = "0",
	 .help = "How large pg_wal may become during the apply; 0 sets no limit."},
	{.key = "guard-disk", .kind = SETTING_SIZE, AT(guard_disk_bytes), .fallback = "256MiB",
	 .help = "How much must stay free where the server's data and WAL are; 0 sets no limit."},
	{.key = "validity-backup", .kind = SETTING_DURATION, VALIDITY(GATE_BACKUP), .fallback = "24h", .minimum = 1,
	 .help = "How long the evidence of the backup gate counts."},
	{.key = "validity-rehearsal", .kind = SETTING_DURATION, VALIDITY(GATE_REHEARSAL), .fallback = "24h",
	 .minimum = 1, .help = "How long the evidence of the rehearsal gate counts."},
	{.key = "validity-plans", .kind = SETTING_DURATION, VALIDITY(GATE_PLANS), .fallback = "24h", .minimum = 1,
	 .help = "How long the evidence of the plans gate counts."},
	{.key = "validity-approval", .kind = SETTING_DURATION, VALIDITY(GATE_APPROVAL), .fallback = "4h",
	 .minimum = 1,
	 .help = "How long an approval counts."},
	{.key = "validity-preflight", .kind = SETTING_DURATION, VALIDITY(GATE_PREFLIGHT), .fallback = "30s",
	 .minimum = 1, .help = "How long a look at live counts before it is taken again."},
	{.key = "rollback", .kind = SETTING_CHOICE, .words = ROLLBACKS, .choose = choose_rollback,
	 .fallback = "report",
	 .help = "Whether a down script that is missing or inexact is reported, or fails the rehearsal."},
	{.key = "approvals", .kind = SETTING_NUMBER, AT(approvals), .fallback = "1", .minimum = 1, .maximum = 2,
	 .help = "How many persons must consent; the second logs in to the target under a role of his own."},
	{.key = "digest-ignore", .kind = SETTING_PATTERNS, AT(digest_ignore),
	 .help = "Names of objects that come and go and are left out of the schema digest, with * and ?."},
	{.key = "max-lag", .kind = SETTING_DURATION, AT(max_lag_ms), .fallback = "10s", .minimum = 1,
	 .help = "How far behind a replica may be when the apply begins."},
	{.key = "max-transaction-age", .kind = SETTING_DURATION, AT(max_transaction_age_ms), .fallback = "1min",
	 .minimum = 1, .help = "How old the oldest transaction may be when the apply begins."},
	{.key = "work-dir", .kind = SETTING_TEXT, AT(work_dir),
	 .help = "Where scratch clusters live; it needs room for two copies of the database."},
	{.key = "backup-provider", .kind = SETTING_CHOICE, .words = PROVIDERS, .choose = choose_provider,
	 .fallback = "dump", .help = "Who takes the backup: pg_dump, or the program that backup-command names."},
	{.key = "backup-command", .kind = SETTING_COMMAND, AT(backup_command),
	 .help = "The program that dumps on the exported snapshot and restores."},
	{.key = "rehearsal-command", .kind = SETTING_COMMAND, AT(rehearsal_command),
	 .help = "The application's own tests; they are given the migrated copy's connection."},
	{.key = "disk-command", .kind = SETTING_COMMAND, AT(disk_command),
	 .help = "A program that prints the bytes free for the target's data and WAL."},
	{.key = "notify-command", .kind = SETTING_COMMAND, AT(notify_command),
	 .help = "A program that is told when a person is needed and when the run is done."},
	{.key = "verify-watch", .kind = SETTING_DURATION, AT(verify_watch_ms), .fallback = "2min",
	 .help = "How long live is watched after the apply before the run is called healthy."},
	{.key = "log", .kind = SETTING_TEXT, AT(log),
	 .help = "A file to which every run appends its log, a line per fact; - is standard error; without it, none."},
	{.key = "log-format", .kind = SETTING_CHOICE, .words = LOG_FORMATS, .choose = choose_log_format,
	 .fallback = "json", .help = "Whether a line of the log is a JSON object, or logfmt, which people read better."},
	{.key = "log-level", .kind = SETTING_CHOICE, .words = LOG_LEVELS, .choose = choose_log_level,
	 .fallback = "info", .help = "The least that is logged; debug has each statement and sample too."},
	{.key = "canary-statements", .kind = SETTING_NUMBER, AT(canary_statements), .fallback = "20", .minimum = 0,
	 .maximum = 200, .help = "How many of the queries that take most of live's time are watched; 0 watches none."},
	{.key = "file-ceiling", .kind = SETTING_SIZE, AT(file_ceiling_bytes), .fallback = "64MiB", .minimum = 1,
	 .maximum = INT64_C(1) << 30, .help = "How large a migration file may be."},
	{.key = "jobs", .kind = SETTING_NUMBER, AT(jobs), .fallback = "2", .minimum = 1, .maximum = 64,
	 .help = "How many sessions dump, restore and fingerprint in parallel."},
};

enum { ROW_COUNT = sizeof(ROWS) / sizeof(ROWS[0]) };

const struct setting_row *settings_rows(size_t *ret_count)
{
	*ret_count = ROW_COUNT;
	return ROWS;
}

const struct setting_row *setting_find(const char *key)
{
	for (size_t i = 0; i < ROW_COUNT; i++)
		if (strcmp(ROWS[i].key, key) == 0)
			return &ROWS[i];
	return NULL;
}

static void *member(struct settings *settings, const struct setting_row *row)
{
	return (char *)settings + row->offset;
}

static enum status bad_value(const char *key, const char *value, struct error *err, const char *wanted)
{
	error_set(err, FAIL_USAGE, "%s: \"%s\" is not %s", key, value, wanted);
	return error_hint(err, "Correct the value; pgsluice.conf(5) says what each key takes.");
}

static enum status check_range(struct arena *arena, const struct setting_row *row, const char *value, int64_t number,
                               struct error *err)
{
	const char *unit = row->kind == SETTING_DURATION ? " ms" : row->kind == SETTING_SIZE ? " bytes" : "";
	if (number >= row->minimum && (row->maximum == 0 || number <= row->maximum))
		return OK;
	if (row->maximum == 0)
		return bad_value(row->key, value, err,
		                 arena_printf(arena, "at least %" PRId64 "%s", row->minimum, unit));
	return bad_value(row->key, value, err,
	                 arena_printf(arena, "between %" PRId64 " and %" PRId64 "%s", row->minimum, row->maximum,
	                              unit));
}

static bool read_number(const char *text, const char **ret_rest, int64_t *ret_number)
{
	char *end;
	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	long long number = strtoll(text, &end, 10);
	if (errno || number > INT64_MAX >> 31)
		return false;
	*ret_number = number;
	*ret_rest = end;
	return true;
}

/* Digits with a unit of bytes behind them; false when it is none. */
static bool read_size(const char *text, int64_t *ret_bytes)
{
	static const struct {
		const char *unit;
		int64_t bytes;
	} UNITS[] = {{"", 1},         {"B", 1},         {"kB", 1 << 10}, {"KiB", 1 << 10},
	             {"MB", 1 << 20}, {"MiB", 1 << 20}, {"GB", 1 << 30}, {"GiB", 1 << 30}};
	const char *rest;
	int64_t number;
	if (!read_number(text, &rest, &number))
		return false;
	rest += strspn(rest, " ");
	for (size_t i = 0; i < sizeof(UNITS) / sizeof(UNITS[0]); i++) {
		if (strcmp(rest, UNITS[i].unit) == 0) {
			*ret_bytes = number * UNITS[i].bytes;
			return true;
		}
	}
	return false;
}

static enum status set_number(struct arena *arena, struct settings *settings, const struct setting_row *row,
                              const char *value, struct error *err)
{
	const char *rest = "";
	int64_t number;
	if (row->kind == SETTING_DURATION && !text_read_duration(value, &number))
		return bad_value(row->key, value, err, "a duration such as 250ms, 2s, 10min, 4h or 1d");
	if (row->kind == SETTING_SIZE && !read_size(value, &number))
		return bad_value(row->key, value, err, "a size such as 64MiB");
	if (row->kind == SETTING_NUMBER && (!read_number(value, &rest, &number) || *rest))
		return bad_value(row->key, value, err, "a number");
	enum status status = check_range(arena, row, value, number, err);
	if (status)
		return status;
	if (row->kind == SETTING_NUMBER)
		*(int *)member(settings, row) = (int)number;
	else
		*(int64_t *)member(settings, row) = number;
	return OK;
}

static enum status set_choice(struct arena *arena, struct settings *settings, const struct setting_row *row,
                              const char *value, struct error *err)
{
	_cleanup_strbuf_ struct strbuf words = {0};
	for (size_t i = 0; row->words[i]; i++) {
		if (strcmp(row->words[i], value) == 0) {
			row->choose(settings, i);
			return OK;
		}
		strbuf_printf(&words, "%s%s", i ? " or " : "", row->words[i]);
	}
	return bad_value(row->key, value, err, arena_strdup(arena, strbuf_text(&words)));
}

static enum status set_window(struct arena *arena, struct settings *settings, const struct setting_row *row,
                              const char *value, struct error *err)
{
	struct window window;
	enum status status = window_read(arena, value, &window, err);
	if (status)
		return status;
	*(const char **)member(settings, row) = window.spans.count ? window.text : NULL;
	return OK;
}

static enum status set_words(struct arena *arena, struct settings *settings, const struct setting_row *row,
                             const char *value, struct error *err)
{
	struct text_list words = {0};
	if (words_split(arena, value, &words, err)) {
		error_wrap(err, "%s", row->key);
		return error_hint(err,
		                  "Words are separated by blanks and kept together by quotes; no shell reads them.");
	}
	*(struct text_list *)member(settings, row) = words;
	return OK;
}

/* Judged beside those given before: one may take a key that an earlier one has set free. */
static enum status set_keys(struct arena *arena, struct settings *settings, const char *action, const char *keys,
                            struct error *err)
{
	_cleanup_arena_ struct arena *scratch = arena_open();
	struct keymap *keymap = keymap_new(scratch);
	enum status status = OK;

	for (size_t i = 0; status == OK && i < settings->keys.count; i++)
		status = keymap_bind(keymap, settings->keys.items[i].action, settings->keys.items[i].keys, err);
	if (status == OK)
		status = keymap_bind(keymap, action, keys, err);
	if (status)
		return status;
	struct key_binding *binding = list_add(arena, &settings->keys);
	*binding = (struct key_binding){.action = arena_strdup(arena, action), .keys = arena_strdup(arena, keys)};
	return OK;
}

static enum status set_not_checked(struct arena *arena, struct settings *settings, const char *check,
                                   const char *reason, struct error *err)
{
	const char *why = "Only preflight's checks and backup.space can be what a site does not have; waive others "
	                  "by name.";
	bool possible = (strncmp(check, "preflight.", strlen("preflight.")) == 0 && check[strlen("preflight.")]) ||
	                strcmp(check, "backup.space") == 0;
	if (!possible) {
		error_set(err, FAIL_USAGE, "check \"%s\" cannot be switched off", check);
		return error_hint(err, "%s", why);
	}
	if (!*reason) {
		error_set(err, FAIL_USAGE, "check \"%s\" is switched off without a reason", check);
		return error_hint(err, "Say why this site cannot have it: every run lists it with the reason.");
	}
	struct not_checked *row = list_add(arena, &settings->not_checked);
	row->check = arena_strdup(arena, check);
	row->reason = arena_strdup(arena, reason);
	return OK;
}

static enum status refuse_alarm(const char *name, struct error *err)
{
	const char *names[ALARM_COUNT];
	for (enum alarm alarm = 0; alarm < ALARM_COUNT; alarm++)
		names[alarm] = alarm_get(alarm)->name;
	const char *nearest = text_nearest(name, names, ALARM_COUNT);

	error_set(err, FAIL_USAGE, "there is no check \"%s\" of the server's health", name);
	if (nearest)
		return error_hint(err, "Did you mean \"%s\"?", nearest);
	return error_hint(err, "pgsluice.conf(5), section HEALTH CHECKS, lists them.");
}

static enum status set_alarm(struct settings *settings, const char *name, const char *value, struct error *err)
{
	_cleanup_arena_ struct arena *scratch = arena_open();
	enum alarm alarm;

	if (!alarm_find(name, &alarm))
		return refuse_alarm(name, err);
	if (alarm_limit_read(alarm, value, &settings->alarms.of[alarm]))
		return OK;
	const struct alarm_row *row = alarm_get(alarm);
	return bad_value(arena_printf(scratch, SETTING_MONITOR "%s", name), value, err,
	                 arena_printf(scratch, "a warning and a critical limit such as \"%s %s\", or off", row->warning,
	                              row->critical));
}

static enum status refuse_key(const char *key, struct error *err)
{
	const char *keys[ROW_COUNT + 3];
	for (size_t i = 0; i < ROW_COUNT; i++)
		keys[i] = ROWS[i].key;
	keys[ROW_COUNT] = SETTING_NOT_CHECKED "GATE.CHECK";
	keys[ROW_COUNT + 1] = SETTING_KEY "ACTION";
	keys[ROW_COUNT + 2] = SETTING_MONITOR "CHECK";
	const char *nearest = text_nearest(key, keys, ROW_COUNT + 3);

	error_set(err, FAIL_USAGE, "unknown key \"%s\"", key);
	if (nearest)
		return error_hint(err, "Did you mean \"%s\"?", nearest);
	return error_hint(err, "pgsluice.conf(5) lists the keys.");
}

enum status setting_set(struct arena *arena, struct settings *settings, const char *key, const char *value,
                        struct error *err)
{
	const struct setting_row *row = setting_find(key);
	if (!row && strncmp(key, SETTING_NOT_CHECKED, strlen(SETTING_NOT_CHECKED)) == 0)
		return set_not_checked(arena, settings, key + strlen(SETTING_NOT_CHECKED), value, err);
	if (!row && strncmp(key, SETTING_KEY, strlen(SETTING_KEY)) == 0)
		return set_keys(arena, settings, key + strlen(SETTING_KEY), value, err);
	if (!row && strncmp(key, SETTING_MONITOR, strlen(SETTING_MONITOR)) == 0)
		return set_alarm(settings, key + strlen(SETTING_MONITOR), value, err);
	if (!row)
		return refuse_key(key, err);
	switch (row->kind) {
	case SETTING_TEXT:
		*(const char **)member(settings, row) = *value ? arena_strdup(arena, value) : NULL;
		return OK;
	case SETTING_DURATION:
	case SETTING_SIZE:
	case SETTING_NUMBER:
		return set_number(arena, settings, row, value, err);
	case SETTING_CHOICE:
		return set_choice(arena, settings, row, value, err);
	case SETTING_WINDOW:
		return set_window(arena, settings, row, value, err);
	case SETTING_PATTERNS:
	case SETTING_COMMAND:
		return set_words(arena, settings, row, value, err);
	}
	return error_set(err, FAIL_INTERNAL, "key \"%s\" has no kind", key);
}

void settings_init(struct arena *arena, struct settings *ret_settings)
{
	*ret_settings = (struct settings){.conninfo = ""};
	alarm_limits_init(&ret_settings->alarms);
	for (size_t i = 0; i < ROW_COUNT; i++) {
		_cleanup_error_ struct error err = {0};
		if (ROWS[i].fallback && setting_set(arena, ret_settings, ROWS[i].key, ROWS[i].fallback, &err))
			panic(err.message);
	}
}

enum status settings_check(const struct settings *settings, struct error *err)
{
	if (settings->lock_timeout_ms > settings->lock_budget_ms) {
		error_set(err, FAIL_USAGE, "lock-timeout is longer than lock-budget");
		return error_hint(err, "One attempt must fit the budget of all attempts.");
	}
	if (settings->backup_by_command && settings->backup_command.count == 0) {
		error_set(err, FAIL_USAGE, "backup-provider is command, and there is no backup-command");
		return error_hint(err, "Name the program in backup-command, or remove backup-provider.");
	}
	return OK;
}
