#include "cli/options.h"

#include <assert.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "engine/watch/latency_probe.h"

#define AT(member) .offset = offsetof(struct options, member)

static void *member(struct options *options, const struct option_row *row)
{
	return (char *)options + row->offset;
}

static enum status bad_value(const struct option_row *row, const char *value, struct error *err, const char *wanted)
{
	error_set(err, FAIL_USAGE, "--%s: \"%s\" is not %s", row->name, value, wanted);
	return error_hint(err, "Correct the value; pgsluice(1) says what each option takes.");
}

static enum status take_flag(struct arena *arena, struct options *options, const struct option_row *row,
                             const char *value, struct error *err)
{
	(void)arena, (void)value, (void)err;
	*(bool *)member(options, row) = true;
	return OK;
}

static enum status take_text(struct arena *arena, struct options *options, const struct option_row *row,
                             const char *value, struct error *err)
{
	(void)err;
	*(const char **)member(options, row) = arena_strdup(arena, value);
	return OK;
}

static enum status take_list(struct arena *arena, struct options *options, const struct option_row *row,
                             const char *value, struct error *err)
{
	struct text_list *list = member(options, row);
	(void)err;
	text_list_add_once(arena, list, value);
	return OK;
}

static bool is_version(const char *value)
{
	return strspn(value, "0123456789") == strlen(value);
}

static enum status take_version(struct arena *arena, struct options *options, const struct option_row *row,
                                const char *value, struct error *err)
{
	if (!is_version(value))
		return bad_value(row, value, err, "a version: the digits before the name of a migration file");
	return take_text(arena, options, row, value, err);
}

static enum status take_versions(struct arena *arena, struct options *options, const struct option_row *row,
                                 const char *value, struct error *err)
{
	if (!is_version(value))
		return bad_value(row, value, err, "a version: the digits before the name of a migration file");
	return take_list(arena, options, row, value, err);
}

static enum status take_duration(struct arena *arena, struct options *options, const struct option_row *row,
                                 const char *value, struct error *err)
{
	(void)arena;
	if (!text_read_duration(value, member(options, row)))
		return bad_value(row, value, err, "a duration such as 30s, 10min or 1h");
	return OK;
}

enum { PLAN_ID_SHORTEST = 12, PLAN_ID_WHOLE = DIGEST_HEX_LENGTH };

static enum status take_plan_id(struct arena *arena, struct options *options, const struct option_row *row,
                                const char *value, struct error *err)
{
	char *id = arena_strdup(arena, value);
	size_t length = strlen(id);
	for (char *digit = id; *digit; digit++)
		*digit = (char)tolower((unsigned char)*digit);
	if (strspn(id, "0123456789abcdef") != length || length < PLAN_ID_SHORTEST || length > PLAN_ID_WHOLE)
		return bad_value(row, value, err, "a plan id: its first 12 hex digits or more");
	return take_text(arena, options, row, id, err);
}

static enum status take_gate(struct arena *arena, struct options *options, const struct option_row *row,
                             const char *value, struct error *err)
{
	const char *names[GATE_COUNT];
	enum gate found;
	if (gate_find(value, &found))
		return take_text(arena, options, row, value, err);
	for (enum gate gate = 0; gate < GATE_COUNT; gate++)
		names[gate] = gate_get(gate)->name;
	const char *nearest = text_nearest(value, names, GATE_COUNT);
	error_set(err, FAIL_USAGE, "--%s: there is no gate \"%s\"", row->name, value);
	if (nearest)
		return error_hint(err, "Did you mean \"%s\"?", nearest);
	return error_hint(err, "The gates are inspect, backup, rehearsal, preflight, approval, apply and verify.");
}

static enum status take_waiver(struct arena *arena, struct options *options, const struct option_row *row,
                               const char *value, struct error *err)
{
	const char *why;
	if (!waiver_allowed(value, &why)) {
		error_set(err, FAIL_USAGE, "--%s: \"%s\" cannot be waived", row->name, value);
		return error_hint(err, "%s", why);
	}
	struct waiver *waiver = list_add(arena, &options->waivers);
	waiver->check = arena_strdup(arena, value);
	return OK;
}

static enum status take_reason(struct arena *arena, struct options *options, const struct option_row *row,
                               const char *value, struct error *err)
{
	struct waiver *last = options->waivers.count ? &options->waivers.items[options->waivers.count - 1] : NULL;
	if (!last || last->reason) {
		error_set(err, FAIL_USAGE, "--%s stands without its --waive", row->name);
		return error_hint(err, "Write --waive CHECK --reason TEXT, one after the other.");
	}
	last->reason = arena_strdup(arena, value);
	return OK;
}

static enum status take_when(struct arena *arena, struct options *options, const struct option_row *row,
                             const char *value, struct error *err)
{
	if (strcmp(value, "auto") != 0 && strcmp(value, "always") != 0 && strcmp(value, "never") != 0)
		return bad_value(row, value, err, "auto, always or never");
	return take_text(arena, options, row, value, err);
}

static enum status take_place(struct arena *arena, struct options *options, const struct option_row *row,
                              const char *value, struct error *err)
{
	if (strcmp(value, "live") != 0 && strcmp(value, "copy") != 0)
		return bad_value(row, value, err, "live or copy");
	return take_text(arena, options, row, value, err);
}

/* Longer than any run, and short enough to be counted in microseconds. */
enum { COUNT_MOST = 1000000000, CONCURRENCY_MOST = 1000, RATE_MOST = 1000000 };

static enum status take_number(struct options *options, const struct option_row *row, const char *value, long most,
                               const char *wanted, struct error *err)
{
	char *end;
	long number = strtol(value, &end, 10);
	if (!isdigit((unsigned char)*value) || *end || number < 1 || number > most)
		return bad_value(row, value, err, wanted);
	*(int64_t *)member(options, row) = number;
	return OK;
}

static enum status take_count(struct arena *arena, struct options *options, const struct option_row *row,
                              const char *value, struct error *err)
{
	(void)arena;
	return take_number(options, row, value, COUNT_MOST, "a number from 1 to 1000000000", err);
}

static enum status take_concurrency(struct arena *arena, struct options *options, const struct option_row *row,
                                    const char *value, struct error *err)
{
	(void)arena;
	return take_number(options, row, value, CONCURRENCY_MOST, "a number of sessions from 1 to 1000", err);
}

static enum status take_rate(struct arena *arena, struct options *options, const struct option_row *row,
                             const char *value, struct error *err)
{
	char *end;
	double rate = strtod(value, &end);
	(void)arena;
	if (!isdigit((unsigned char)*value) || (*end && strcmp(end, "/s") != 0) || !(rate > 0 && rate <= RATE_MOST))
		return bad_value(row, value, err, "a number of queries per second, as 50 or 0.5");
	*(double *)member(options, row) = rate;
	return OK;
}

static enum status take_log_format(struct arena *arena, struct options *options, const struct option_row *row,
                                   const char *value, struct error *err)
{
	if (strcmp(value, "json") != 0 && strcmp(value, "logfmt") != 0)
		return bad_value(row, value, err, "json or logfmt");
	return take_text(arena, options, row, value, err);
}

static enum status take_log_level(struct arena *arena, struct options *options, const struct option_row *row,
                                  const char *value, struct error *err)
{
	enum log_level level;
	if (!log_level_find(value, &level))
		return bad_value(row, value, err, "debug, info, notice, warning or error");
	return take_text(arena, options, row, value, err);
}

static enum status take_probe_query(struct arena *arena, struct options *options, const struct option_row *row,
                                    const char *value, struct error *err)
{
	const char *sql;
	if (latency_probe_check(arena, value, &sql, err) != OK)
		return error_wrap(err, "--%s", row->name);
	return take_text(arena, options, row, value, err);
}

enum { SPEED_MOST = 1024, SPEED_HUNDREDTHS = 100 };

static enum status take_speed(struct arena *arena, struct options *options, const struct option_row *row,
                              const char *value, struct error *err)
{
	char *end;
	long speed = strtol(value, &end, 10);
	(void)arena;
	if (strcmp(value, "max") == 0)
		speed = -1;
	else if (!*value || *end || speed < 1 || speed > SPEED_MOST)
		return bad_value(row, value, err, "a number from 1 to 1024, or max");
	*(int64_t *)member(options, row) = speed < 0 ? speed : speed * SPEED_HUNDREDTHS;
	return OK;
}

static const struct option_row ROWS[OPTION_END] = {
	[OPTION_BATCH] = {.name = "batch", .take = take_flag, AT(batch), .help = "run the flow without a console"},
	[OPTION_DATABASE] = {.name = "database", .letter = 'd', .argument = "CONNINFO", .take = take_text,
	                     AT(database), .help = "target; else $DATABASE_URL, else libpq's own PG* variables"},
	[OPTION_MIGRATIONS] = {.name = "migrations", .letter = 'm', .argument = "DIR", .take = take_text,
	                       AT(migrations), .help = "folder of migration files (./migrations)"},
	[OPTION_CONFIG] = {.name = "config", .letter = 'c', .argument = "FILE", .take = take_text, AT(config),
	                   .help = "configuration (./pgsluice.conf, else the one in $XDG_CONFIG_HOME)"},
	[OPTION_STAGING] = {.name = "staging", .argument = "CONNINFO", .take = take_text, AT(staging),
	                    .help = "a server to restore into, instead of a scratch cluster"},
	[OPTION_SOURCE] = {.name = "source", .argument = "CONNINFO", .take = take_text, AT(source),
	                   .help = "a replica to read the backup from"},
	[OPTION_PROBE] = {.name = "probe", .argument = "CONNINFO", .take = take_text, AT(probe),
	                  .help = "the applications' way to live: what an apply does to them is measured there"},
	[OPTION_PROBE_QUERY] = {.name = "probe-query", .argument = "SQL", .take = take_probe_query, AT(probe_query),
	                        .help = "what the probe asks (SELECT 1)"},
	[OPTION_EVIDENCE] = {.name = "evidence", .argument = "DIR", .take = take_text, AT(evidence),
	                     .help = "where evidence is kept ($XDG_STATE_HOME/pgsluice)"},
	[OPTION_UNTIL] = {.name = "until", .argument = "VERSION", .take = take_version, AT(until),
	                  .help = "the last migration of the plan"},
	[OPTION_STOP_BEFORE] = {.name = "stop-before", .argument = "GATE", .take = take_gate, AT(stop_before),
	                        .help = "stop before this gate, with success: `--stop-before approval` touches nothing"},
	[OPTION_APPROVE] = {.name = "approve", .argument = "PLAN_ID", .take = take_plan_id, AT(approve),
	                    .help = "consent to exactly this plan (12 digits or more)"},
	[OPTION_WAIVE] = {.name = "waive", .argument = "CHECK", .take = take_waiver, AT(waivers),
	                  .help = "let this check fail; --reason follows"},
	[OPTION_REASON] = {.name = "reason", .argument = "TEXT", .take = take_reason, AT(waivers),
	                   .help = "why; it is kept and shown with the evidence"},
	[OPTION_ACCEPT_DRIFT] = {.name = "accept-drift", .argument = "OBJECT", .take = take_list, AT(accept_drift),
	                         .help = "take this object's present form as the new base line"},
	[OPTION_OUT_OF_ORDER] = {.name = "out-of-order", .argument = "VERSION", .take = take_versions,
	                         AT(out_of_order), .help = "apply this version below the highest applied one"},
	[OPTION_WAIT_LEADER] = {.name = "wait-leader", .argument = "DURATION", .take = take_duration,
	                        AT(wait_leader_ms), .help = "how long to wait for another run to end (0)"},
	[OPTION_FORMAT] = {.name = "format", .argument = "FORMAT", .take = take_text, AT(format),
	                   .help = "how to print"},
	[OPTION_RECORD] = {.name = "record", .argument = "FILE", .take = take_text, AT(record),
	                   .help = "a copy of the event lines"},
	[OPTION_LOG] = {.name = "log", .argument = "FILE", .take = take_text, AT(log),
	                .help = "append the run's log there; - is standard error, in place of the text"},
	[OPTION_LOG_FORMAT] = {.name = "log-format", .argument = "FORMAT", .take = take_log_format, AT(log_format),
	                       .help = "json or logfmt (json)"},
	[OPTION_LOG_LEVEL] = {.name = "log-level", .argument = "LEVEL", .take = take_log_level, AT(log_level),
	                      .help = "the least that is logged: debug, info, notice, warning or error (info)"},
	[OPTION_CHECK] = {.name = "check", .take = take_flag, AT(check), .help = "exit 3 when migrations are pending"},
	[OPTION_AT_LEAST] = {.name = "at-least", .argument = "VERSION", .take = take_version, AT(at_least),
	                     .help = "exit 3 when this version is not applied"},
	[OPTION_TO] = {.name = "to", .argument = "VERSION", .take = take_version, AT(to),
	               .help = "the version to go back to"},
	[OPTION_STOP] = {.name = "stop", .take = take_flag, AT(stop), .help = "stop the demo and remove its files"},
	[OPTION_REFRESH] = {.name = "refresh", .take = take_flag, AT(refresh),
	                    .help = "write a file for each of live's statements that is not watched yet"},
	[OPTION_VIEW] = {.name = "view", .argument = "NAME", .take = take_text, AT(view),
	                 .help = "the view to begin with: migrations, gates, apply, log, ..."},
	[OPTION_PLAIN] = {.name = "plain", .take = take_flag, AT(plain),
	                  .help = "print the view as plain lines and end"},
	[OPTION_ASCII] = {.name = "ascii", .take = take_flag, AT(ascii), .help = "draw with ASCII characters only"},
	[OPTION_COLOR] = {.name = "color", .argument = "WHEN", .take = take_when, AT(color),
	                  .help = "colours: auto, always or never (auto: not with $NO_COLOR)"},
	[OPTION_MOUSE] = {.name = "mouse", .take = take_flag, AT(mouse), .help = "take the mouse from the start"},
	[OPTION_SPEED] = {.name = "speed", .argument = "N", .take = take_speed, AT(speed),
	                  .help = "how many times as fast as it was, or max (1)"},
	[OPTION_FILE] = {.name = "file", .letter = 'f', .argument = "FILE", .take = take_text, AT(file),
	                 .help = "the file with the plan or query; - is standard input"},
	[OPTION_ANALYZE] = {.name = "analyze", .take = take_flag, AT(analyze),
	                    .help = "run the query too: on the restored copy, or on live with --confirm"},
	[OPTION_ON] = {.name = "on", .argument = "PLACE", .take = take_place, AT(on),
	               .help = "where to ask: live, or copy, restored from the last backup"},
	[OPTION_CONFIRM] = {.name = "confirm", .argument = "DATABASE", .take = take_text, AT(confirm),
	                    .help = "the live database's name: consent to run the query there, read-only"},
	[OPTION_DIFF] = {.name = "diff", .take = take_flag, AT(diff), .help = "compare the plans in two files"},
	[OPTION_WHAT_IF] = {.name = "what-if", .argument = "SQL", .take = take_text, AT(what_if),
	                    .help = "the plan that it would have with this CREATE INDEX, which is not built"},
	[OPTION_INDEX] = {.name = "index", .argument = "SQL", .take = take_text, AT(index),
	                  .help = "a migration that builds the index of this CREATE INDEX, and its way back"},
	[OPTION_TIMEOUT] = {.name = "timeout", .argument = "DURATION", .take = take_duration, AT(timeout_ms),
	                    .help = "how long a query may run (10s)"},
	[OPTION_CONCURRENCY] = {.name = "concurrency", .argument = "N", .take = take_concurrency, AT(concurrency),
	                        .help = "how many sessions ask at once (1)"},
	[OPTION_DURATION] = {.name = "duration", .argument = "DURATION", .take = take_duration, AT(duration_ms),
	                     .help = "how long to measure (10s, unless --count is given)"},
	[OPTION_COUNT] = {.name = "count", .argument = "N", .take = take_count, AT(count),
	                  .help = "how many queries to run, of all sessions together"},
	[OPTION_RATE] = {.name = "rate", .argument = "N", .take = take_rate, AT(rate),
	                 .help = "queries per second, of all sessions together (as many as are answered)"},
	[OPTION_BUDGET] = {.name = "budget", .argument = "DURATION", .take = take_duration, AT(budget_ms),
	                   .help = "what a p95 may be, in place of each query's own (2s)"},
	[OPTION_BOUNCER] = {.name = "bouncer", .argument = "CONNINFO", .take = take_text, AT(bouncer),
	                    .help = "where PgBouncer is, and a user that may read its console"},
	[OPTION_ONCE] = {.name = "once", .take = take_flag, AT(once), .help = "measure, print and end (the default)"},
	[OPTION_WATCH] = {.name = "watch", .take = take_flag, AT(watch), .help = "print again and again until stopped"},
	[OPTION_INTERVAL] = {.name = "interval", .argument = "DURATION", .take = take_duration, AT(interval_ms),
	                     .help = "how often with --watch (5s)"},
	[OPTION_PLUGIN] = {.name = "plugin", .take = take_flag, AT(plugin),
	                   .help = "one line and exit code as monitoring plugins have them"},
	[OPTION_LISTEN] = {.name = "listen", .argument = "ADDR:PORT", .take = take_text, AT(listen),
	                   .help = "serve what is measured by HTTP; a port alone is the loopback's"},
	[OPTION_TOKEN_FILE] = {.name = "token-file", .argument = "FILE", .take = take_text, AT(token_file),
	                       .help = "ask for the token in this file, but for /healthz and /readyz"},
	[OPTION_HELP] = {.name = "help", .letter = 'h', .take = take_flag, AT(help), .help = "print this and end"},
	[OPTION_VERSION] = {.name = "version", .letter = 'V', .take = take_flag, AT(version),
	                    .help = "print the version and end"},
};

const struct option_row *option_get(enum option option)
{
	assert((unsigned)option < OPTION_END);
	return &ROWS[option];
}
