/*
 * The command line: one table row per option, which feeds parsing, help and the manual's test. Reads no file and
 * starts nothing.
 */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/list.h"
#include "base/strbuf.h"
#include "core/migration/plan.h"
#include "engine/settings.h"

struct command;

enum option {
	OPTION_BATCH,
	OPTION_DATABASE,
	OPTION_MIGRATIONS,
	OPTION_CONFIG,
	OPTION_STAGING,
	OPTION_SOURCE,
	OPTION_PROBE,
	OPTION_PROBE_QUERY,
	OPTION_EVIDENCE,
	OPTION_UNTIL,
	OPTION_STOP_BEFORE,
	OPTION_APPROVE,
	OPTION_WAIVE,
	OPTION_REASON,
	OPTION_ACCEPT_DRIFT,
	OPTION_OUT_OF_ORDER,
	OPTION_WAIT_LEADER,
	OPTION_FORMAT,
	OPTION_RECORD,
	OPTION_LOG,
	OPTION_LOG_FORMAT,
	OPTION_LOG_LEVEL,
	OPTION_CHECK,
	OPTION_AT_LEAST,
	OPTION_TO,
	OPTION_STOP,
	OPTION_REFRESH,
	OPTION_VIEW,
	OPTION_PLAIN,
	OPTION_ASCII,
	OPTION_COLOR,
	OPTION_MOUSE,
	OPTION_SPEED,
	OPTION_FILE,
	OPTION_ANALYZE,
	OPTION_ON,
	OPTION_CONFIRM,
	OPTION_DIFF,
	OPTION_WHAT_IF,
	OPTION_INDEX,
	OPTION_TIMEOUT,
	OPTION_CONCURRENCY,
	OPTION_DURATION,
	OPTION_COUNT,
	OPTION_RATE,
	OPTION_BUDGET,
	OPTION_BOUNCER,
	OPTION_ONCE,
	OPTION_WATCH,
	OPTION_INTERVAL,
	OPTION_PLUGIN,
	OPTION_LISTEN,
	OPTION_TOKEN_FILE,
	OPTION_HELP,
	OPTION_VERSION,
	OPTION_END,
};

#define OPTION_BIT(option) (UINT64_C(1) << (option))

/* Groups for command rows. */
#define OPTIONS_TARGET                                                                          \
	(OPTION_BIT(OPTION_DATABASE) | OPTION_BIT(OPTION_MIGRATIONS) | OPTION_BIT(OPTION_CONFIG) | \
	 OPTION_BIT(OPTION_EVIDENCE))
#define OPTIONS_PLAN                                                                                  \
	(OPTIONS_TARGET | OPTION_BIT(OPTION_UNTIL) | OPTION_BIT(OPTION_WAIVE) | OPTION_BIT(OPTION_REASON) | \
	 OPTION_BIT(OPTION_ACCEPT_DRIFT) | OPTION_BIT(OPTION_OUT_OF_ORDER) | OPTION_BIT(OPTION_FORMAT))
#define OPTIONS_APPLY                                                                                     \
	(OPTIONS_TARGET | OPTION_BIT(OPTION_STAGING) | OPTION_BIT(OPTION_SOURCE) | OPTION_BIT(OPTION_APPROVE) | \
	 OPTION_BIT(OPTION_WAIVE) | OPTION_BIT(OPTION_REASON) | OPTION_BIT(OPTION_WAIT_LEADER) |                \
	 OPTION_BIT(OPTION_FORMAT) | OPTION_BIT(OPTION_RECORD) | OPTION_BIT(OPTION_PROBE) | \
	 OPTION_BIT(OPTION_PROBE_QUERY) | OPTION_BIT(OPTION_BOUNCER) | OPTIONS_LOG)
#define OPTIONS_CONSOLE                                                                        \
	(OPTION_BIT(OPTION_CONFIG) | OPTION_BIT(OPTION_VIEW) | OPTION_BIT(OPTION_PLAIN) |         \
	 OPTION_BIT(OPTION_ASCII) | OPTION_BIT(OPTION_COLOR) | OPTION_BIT(OPTION_MOUSE))

/* The log of a run. */
#define OPTIONS_LOG (OPTION_BIT(OPTION_LOG) | OPTION_BIT(OPTION_LOG_FORMAT) | OPTION_BIT(OPTION_LOG_LEVEL))

struct options;

struct option_row {
	const char *name;     /* without the dashes */
	char letter;          /* or NUL */
	const char *argument; /* as help shows it; NULL = it takes none */
	const char *help;     /* lower case, without full stop */
	size_t offset;        /* of the member that it fills */
	enum status (*take)(struct arena *arena, struct options *options, const struct option_row *row,
	                    const char *value, struct error *err);
};

const struct option_row *option_get(enum option option);

/* An option as it was given. */
struct given {
	enum option option;
	const char *value; /* NULL for a flag */
};

/* Texts are NULL where they were not given. */
struct options {
	const char *program;           /* as it was called, when by a path; NULL = found by its name */
	const struct command *command; /* NULL with --help or --version alone */
	struct text_list operands;     /* without the command's name */
	LIST(struct given) given;

	bool batch, check, stop, refresh, help, version, plain, ascii, mouse, analyze, diff, once, watch, plugin;
	const char *database, *migrations, *config, *staging, *source, *evidence, *probe, *probe_query;
	const char *until, *stop_before, *approve, *format, *record, *at_least, *to, *view, *color;
	const char *file, *on, *confirm, *what_if, *index, *bouncer, *log, *listen, *token_file;
	const char *log_format, *log_level; /* checked */
	LIST(struct waiver) waivers;
	struct text_list accept_drift, out_of_order;
	int64_t wait_leader_ms, timeout_ms, duration_ms, budget_ms, interval_ms; /* 0 = not given */
	int64_t concurrency, count; /* 0 = not given */
	double rate;                /* per second; 0 = not given */
	int64_t speed; /* of a recording, in hundredths; -1 = all at once; 0 = not given */
};

/*
 * Reads the arguments after argv[0]. FAIL_USAGE: an unknown command or option (with the nearest known one), one that
 * the command does not take, a missing or bad value, a number of operands that the command does not take.
 */
enum status options_parse(struct arena *arena, const struct command *const *commands, int argc,
                          const char *const *argv, struct options *ret_options, struct error *err) MUST_CHECK;

/*
 * Puts the options over the configuration. The target is --database, else the environment's DATABASE_URL (NULL when
 * it is not set), else libpq's own defaults.
 */
void options_apply(const struct options *options, const char *database_url, struct settings *settings);

/* Help of one command; of the whole program when `command` is NULL. */
void options_help(struct strbuf *out, const struct command *const *commands, const struct command *command);

/* Whether a password stands in an argument: in a URI before the @, or after a keyword. */
bool options_hold_secret(const char *text);

/*
 * The command line that goes on with this one: the same options, without --stop-before, and with --approve
 * `plan_id` when not NULL (empty = none at all). A connection string that holds a password is left out as CONNINFO.
 */
void options_again(struct strbuf *out, const struct options *options, const char *plan_id);

/* The command line of the flow for the plan that a command looked at: its options but for how it prints. */
void options_flow(struct strbuf *out, const struct options *options);

#endif
