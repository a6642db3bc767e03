/* What an operator can set, after configuration and options were read: plain values for the engine to use. */
#ifndef ENGINE_SETTINGS_H
#define ENGINE_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"
#include "core/event/log_line.h"
#include "core/flow/gate.h"
#include "core/health/alarm.h"
#include "core/migration/plan.h"

enum rollback_policy { ROLLBACK_REPORT, ROLLBACK_REQUIRE };
enum window_scope { WINDOW_BLOCKING, WINDOW_ALL };

/* A check that this site cannot have, switched off with a reason; listed as not checked. */
struct not_checked {
	const char *check, *reason;
};

/* Keys that an action of the console has instead of its own. */
struct key_binding {
	const char *action, *keys;
};

/* All texts live as long as the program. Names are those of pgsluice.conf(5) with - as _; NULL = not set. */
struct settings {
	/* configuration */
	const char *environment;
	const char *history_table;        /* "name" or "schema.name" */
	const char *role;
	const char *window;
	enum window_scope window_applies;
	int64_t lock_timeout_ms;
	int64_t lock_budget_ms;
	int64_t statement_timeout_ms;     /* 0 = none */
	int64_t validity_ms[GATE_COUNT];  /* 0 = the gate's default */
	enum rollback_policy rollback;
	int approvals;
	struct text_list digest_ignore;   /* patterns of object names that come and go */
	bool guard;                       /* the next seven are its limits; 0 = not watched */
	int64_t guard_wait_ms;
	int guard_waiting;
	int64_t guard_latency_ms;
	int64_t guard_lag_ms;
	int guard_connections;
	int64_t guard_wal_bytes;
	int64_t guard_disk_bytes;
	int64_t max_lag_ms;
	int64_t max_transaction_age_ms;
	const char *work_dir;
	bool backup_by_command;           /* backup-provider = command */
	struct text_list backup_command;  /* argv */
	struct text_list rehearsal_command;
	struct text_list disk_command;
	struct text_list notify_command;
	int64_t verify_watch_ms;
	int canary_statements;            /* of pg_stat_statements; 0 = none */
	LIST(struct not_checked) not_checked;
	LIST(struct key_binding) keys;    /* of the console */
	int64_t file_ceiling_bytes;
	struct alarm_limits alarms;       /* of `monitor` */
	const char *log;                  /* file, "-" = standard error, NULL = none */
	enum log_form log_format;
	enum log_level log_level;         /* the least that is logged */
	int jobs;                         /* parallel workers for dump, restore and fingerprints */

	/* options */
	const char *conninfo;             /* "" = libpq's defaults */
	const char *migrations;           /* folder */
	const char *staging;              /* or NULL */
	const char *source;               /* or NULL */
	const char *probe;                /* connection string of the applications' path, or NULL: no latency probe */
	const char *probe_query;          /* or NULL: PROBE_QUERY */
	const char *bouncer;              /* connection string of PgBouncer, or NULL: its pools are not sampled */
	const char *evidence;             /* folder, or NULL for STATE */
	const char *until;                /* or NULL */
	const char *stop_before;          /* gate, or NULL */
	const char *approve;              /* plan id, or NULL */
	int64_t wait_leader_ms;
	struct text_list out_of_order;    /* versions */
	LIST(struct waiver) waivers;
	struct text_list accept_drift;    /* object identities */
	const char *record;               /* file, or NULL */
};

#endif
