/*
 * What PgBouncer's console says of its pools: its tables read by the names of their columns, which differ from version
 * to version, and what two looks say of the time between them. Pure: knows no connection and no clock.
 */
#ifndef CORE_POOL_BOUNCER_H
#define CORE_POOL_BOUNCER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/list.h"

/* A result of the console: cells row by row, NULL = SQL null. */
struct bouncer_table {
	const char *name; /* "SHOW POOLS" */
	size_t columns, rows;
	const char *const *names;
	const char *const *cells;
};

/* Of one database and user. */
struct bouncer_pool {
	const char *database, *user, *mode;
	int64_t clients;    /* cl_active: idle ones too, so it is no load */
	int64_t waiting;    /* have asked, and have no server */
	int64_t active;     /* servers that belong to a client at present */
	int64_t servers;    /* all that are open, or being opened */
	int64_t longest_us; /* how long the first of those who wait has waited */
};

struct bouncer_database {
	const char *name;
	int64_t pool_size, reserve;
	int64_t connections_most; /* servers of all its pools together; 0 = no limit */
	bool paused, disabled;
};

/* Since PgBouncer was started. */
struct bouncer_counters {
	const char *database;
	int64_t transactions;
	int64_t assignments;    /* of a server to a client; -1 = before 1.23, which does not count them */
	int64_t transaction_us; /* of transactions that have ended, with their wait for a server */
	int64_t wait_us;        /* clients waited that got a server in the end */
};

/* -1 = it does not say. */
struct bouncer_settings {
	const char *pool_mode;
	int64_t max_client_conn, default_pool_size, reserve_pool_size, query_wait_timeout_s;
};

/* Its own console is in none of the lists. */
struct bouncer_look {
	int64_t taken_us; /* on one clock for all looks */
	const char *version;
	const char *place;
	struct bouncer_settings settings;
	LIST(struct bouncer_pool) pools;
	LIST(struct bouncer_database) databases;
	LIST(struct bouncer_counters) counters;
};

/* The looks into a table; what has no column that is needed is FAIL_USAGE. Texts are copied into the arena. */
enum status bouncer_read_pools(struct arena *arena, const struct bouncer_table *table, struct bouncer_look *look,
                               struct error *err) MUST_CHECK;
enum status bouncer_read_databases(struct arena *arena, const struct bouncer_table *table, struct bouncer_look *look,
                                   struct error *err) MUST_CHECK;
enum status bouncer_read_stats(struct arena *arena, const struct bouncer_table *table, struct bouncer_look *look,
                               struct error *err) MUST_CHECK;
enum status bouncer_read_config(struct arena *arena, const struct bouncer_table *table, struct bouncer_look *look,
                                struct error *err) MUST_CHECK;

enum bouncer_level { BOUNCER_GOOD, BOUNCER_TIGHT, BOUNCER_BAD };

/* A database between two looks. */
struct bouncer_load {
	const char *database, *mode;
	size_t pools;         /* users that have clients or servers */
	int64_t capacity;     /* servers that these may have together */
	int64_t reserve;
	int64_t clients;      /* connected at the second look: those that are idle and those that wait, too */
	int64_t waiting, active, servers; /* at the second look */
	int64_t longest_us;   /* at the second look */
	bool counted;         /* the figures below are known: the counters of both looks belong together */
	double seconds;
	double transactions;  /* ended, a second */
	double busy;          /* servers that were busy on average: Little's law over the time in transactions */
	bool rated;           /* the utilisation is known: with session pooling it needs no counters */
	double utilisation;   /* of the capacity; with session pooling, of servers held at the second look */
	double transaction_us, wait_us; /* mean, with a server and for one; -1 = there was none */
	enum bouncer_level level;
	const char *verdict;  /* a sentence without full stop, with its figures */
	const char *advice;   /* a sentence, or NULL */
};

struct bouncer_load_list {
	struct bouncer_load *items;
	size_t count;
	size_t room;
};

/* The databases of the later look that have pools, as it lists them. Without an earlier one nothing is counted. */
void bouncer_judge(struct arena *arena, const struct bouncer_look *before, const struct bouncer_look *after,
                   struct bouncer_load_list *list);

const char *bouncer_level_name(enum bouncer_level level); /* "good", "tight", "bad" */

#endif
