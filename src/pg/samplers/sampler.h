/*
 * The samplers: what is measured of a server in small queries, one file and one row each. A row says what to ask which
 * server version, how often, within which time and with which rights; its function turns rows into values. Asks nothing
 * itself.
 */
#ifndef PG_SAMPLERS_SAMPLER_H
#define PG_SAMPLERS_SAMPLER_H

#include "base/json.h"
#include "pg/session.h"

/* What a role must have to be told what other roles do; without it a sampler says so instead of too small figures. */
enum sampler_needs { NEEDS_NOTHING, NEEDS_STATISTICS /* pg_read_all_stats */, NEEDS_MONITOR /* pg_monitor */ };

struct sampler_query {
	int since;       /* server_version_num / 10000; 0 = all that are supported */
	const char *sql; /* without parameters; it runs with search_path pg_catalog */
};

/* One look and the one before it. */
struct sampling {
	int64_t interval_ms;       /* between the two; 0 = there is none before */
	const struct json *before; /* the counters that the look before kept, or NULL */
	struct json *counters;     /* an empty object for those to keep now */
	uint64_t asked;            /* our own queries between the two */
	const char *unseen;        /* set when rights are missing after all: what it needs */
	struct arena *arena;       /* of this look */
};

struct sampler {
	const char *name;   /* lower case; in events, documents and on the command line */
	const char *title;  /* for people */
	const char *about;  /* what it measures, for the manual: one line, without full stop */
	enum sampler_needs needs;
	bool of_pooler;     /* taken of PgBouncer's console, when there is one, and not of the server: see pools.h */
	int64_t interval_ms;
	int64_t timeout_ms;
	bool rates;         /* one look alone tells only half */
	struct sampler_query queries[3]; /* the newest server first; unused ones have no sql */

	/* Puts what the rows say into values, an object. NULL of a pooler's. */
	void (*read)(struct sampling *sampling, const struct rows *rows, struct json *values);
};

/* All samplers, in the order in which they are taken and shown. */
const struct sampler *const *samplers_list(size_t *ret_count);
const struct sampler *sampler_find(const char *name);

/* The text for a server, or NULL when it is older than all of them, or there is none. */
const char *sampler_query(const struct sampler *sampler, int server_version);

/* ---- for the samplers' files ---- */

enum column_kind {
	COLUMN_TEXT, /* made safe to show */
	COLUMN_SQL,  /* a statement: without its constants where they can be told, never with a secret */
	COLUMN_INT,
	COLUMN_AGE,  /* ms; below 0 it is 0, for clocks are read one after the other */
	COLUMN_REAL,
	COLUMN_BOOL,
	COLUMN_SKIP,
};

/* A column of a query and the name of the member that it becomes; SQL null is null. */
struct sample_column {
	const char *name;
	enum column_kind kind;
};

/* Sets the columns of a row, the first being `from`, as members of the object. */
void sample_set(struct sampling *sampling, struct json *object, const struct rows *rows, size_t row, size_t from,
                const struct sample_column *columns, size_t count);
#define SAMPLE_COLUMNS(columns) columns, sizeof(columns) / sizeof((columns)[0])

/*
 * Keeps a counter's value for the next look and returns how much it grew since the one before: -1 when there is none,
 * or it fell (somebody reset it).
 */
int64_t sample_grown(struct sampling *sampling, const char *name, int64_t value);

/* part / whole * scale with one digit behind the point; null when the part is below 0 or the whole is 0. */
void sample_set_share(struct json *object, const char *key, int64_t part, int64_t whole, int64_t scale);

/* Growth per second; null when it is unknown. */
void sample_set_rate(struct sampling *sampling, struct json *object, const char *key, int64_t grown);

/* An integer, or null when it is below 0. */
void sample_set_known(struct json *object, const char *key, int64_t value);

/* Whether a session is one of ours, by its application_name. */
bool sample_is_ours(const char *application);

/* One row per file of this folder. */
extern const struct sampler sampler_connections, sampler_waits, sampler_locks, sampler_transactions, sampler_workload,
	sampler_wal, sampler_checkpoints, sampler_wal_files, sampler_replicas, sampler_slots, sampler_wraparound,
	sampler_vacuum, sampler_progress, sampler_indexes, sampler_sequences, sampler_sizes,
	sampler_pools;

#endif
