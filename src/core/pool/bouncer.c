#include "core/pool/bouncer.h"

#include <string.h>

#include "base/text.h"

/* From when on a client that waits is more than the moment between two transactions. */
static const int64_t STUCK_US = 1000000;

/* A wait that is shorter hurts nobody, however short the transactions are. */
static const double WAIT_LEAST_US = 1000;

static const double TIGHT = 0.75, FULL = 0.90;

static const char *const LEVELS[] = {[BOUNCER_GOOD] = "good", [BOUNCER_TIGHT] = "tight", [BOUNCER_BAD] = "bad"};

const char *bouncer_level_name(enum bouncer_level level)
{
	return LEVELS[level];
}

static const struct bouncer_counters *find_counters(const struct bouncer_look *look, const char *database)
{
	for (size_t i = 0; i < look->counters.count; i++)
		if (strcmp(look->counters.items[i].database, database) == 0)
			return &look->counters.items[i];
	return NULL;
}

/* Clients and servers of all its users; returns whether there are any. */
static bool add_pools(struct bouncer_load *load, const struct bouncer_look *look)
{
	for (size_t i = 0; i < look->pools.count; i++) {
		const struct bouncer_pool *pool = &look->pools.items[i];
		if (strcmp(pool->database, load->database) != 0 || pool->clients + pool->waiting + pool->servers == 0)
			continue;
		load->pools++;
		load->mode = pool->mode;
		load->clients += pool->clients + pool->waiting;
		load->waiting += pool->waiting;
		load->active += pool->active;
		load->servers += pool->servers;
		load->longest_us = pool->longest_us > load->longest_us ? pool->longest_us : load->longest_us;
	}
	if (!load->mode)
		load->mode = look->settings.pool_mode;
	return load->pools > 0;
}

/*
 * PgBouncer's clock of a transaction starts when its client asks, before there is a server (client.c, since 1.12): the
 * wait for one is in it. Waits of clients that log in are in no transaction, and one that ends was not all within the
 * interval: neither makes fewer servers than none, or more than there may be.
 */
static double held_us(const struct bouncer_counters *before, const struct bouncer_counters *after, double most_us)
{
	double held = (double)(after->transaction_us - before->transaction_us) - (double)(after->wait_us - before->wait_us);

	if (held < 0)
		return 0;
	return held < most_us ? held : most_us;
}

/*
 * A counter that went back belongs to another start of PgBouncer. One that is not in the first look began at zero: the
 * database was not used before.
 */
static void count(struct bouncer_load *load, const struct bouncer_counters *before,
                  const struct bouncer_counters *after, double seconds)
{
	static const struct bouncer_counters NOTHING = {0};

	if (!before)
		before = &NOTHING;
	if (!after || seconds <= 0 || after->transactions < before->transactions ||
	    after->transaction_us < before->transaction_us || after->wait_us < before->wait_us)
		return;
	double transactions = (double)(after->transactions - before->transactions);
	double assigned = after->assignments < 0 || before->assignments < 0
	                          ? transactions : (double)(after->assignments - before->assignments);
	double held = held_us(before, after, (double)load->capacity * seconds * 1e6);
	load->counted = true;
	load->seconds = seconds;
	load->transactions = transactions / seconds;
	load->busy = held / (seconds * 1e6);
	load->transaction_us = transactions > 0 ? held / transactions : -1;
	load->wait_us = assigned > 0 ? (double)(after->wait_us - before->wait_us) / assigned : -1;
}

static bool is_session(const struct bouncer_load *load)
{
	return load->mode && strcmp(load->mode, "session") == 0;
}

static void rate(struct bouncer_load *load)
{
	/* A server is its client's until that goes, whether it works or not. */
	double used = is_session(load) ? (double)load->active : load->busy;
	load->utilisation = load->capacity > 0 ? used / (double)load->capacity : 0;
	load->rated = load->counted || is_session(load);
}

static void tell(struct bouncer_load *load, enum bouncer_level level, const char *verdict, const char *advice)
{
	load->level = level;
	load->verdict = verdict;
	load->advice = advice;
}

static void tell_stuck(struct arena *arena, struct bouncer_load *load)
{
	bool full = load->active >= load->capacity;
	const char *who = arena_printf(arena, "%lld client(s) wait for a server, the first for %s",
	                               (long long)load->waiting, text_duration(arena, load->longest_us / 1000));

	if (full)
		tell(load, BOUNCER_BAD, arena_printf(arena, "%s: all %lld are taken", who, (long long)load->capacity),
		     "Look at what the servers do with `pgsluice monitor`: a transaction that is idle or waits for a lock "
		     "holds one; more of them help only when the server has room.");
	else
		tell(load, BOUNCER_BAD, arena_printf(arena, "%s: %lld of %lld are taken, and no other is given", who,
		                                     (long long)load->active, (long long)load->capacity),
		     "Look into PgBouncer's log for why it opens none, and at the server's max_connections.");
}

static const char *percent(struct arena *arena, double share)
{
	return arena_printf(arena, "%.0f %%", share * 100);
}

static void tell_used(struct arena *arena, struct bouncer_load *load)
{
	const char *used = percent(arena, load->utilisation);

	if (is_session(load))
		tell(load, load->utilisation >= FULL ? BOUNCER_BAD : BOUNCER_TIGHT,
		     arena_printf(arena, "clients hold %lld of %lld servers (%s)", (long long)load->active,
		                  (long long)load->capacity, used),
		     "Use transaction pooling where the application can, or let it keep fewer connections.");
	else
		tell(load, load->utilisation >= FULL ? BOUNCER_BAD : BOUNCER_TIGHT,
		     arena_printf(arena, "%.1f of %lld servers are busy on average (%s)", load->busy,
		                  (long long)load->capacity, used),
		     "Make transactions shorter, or find with `pgsluice pool --on copy` whether more servers would do more.");
}

static void tell_calm(struct arena *arena, struct bouncer_load *load)
{
	if (is_session(load))
		tell(load, BOUNCER_GOOD, arena_printf(arena, "clients hold %lld of %lld servers (%s)",
		                                      (long long)load->active, (long long)load->capacity,
		                                      percent(arena, load->utilisation)), NULL);
	else if (load->transactions > 0)
		tell(load, BOUNCER_GOOD, arena_printf(arena, "%.1f of %lld servers are busy on average (%s)", load->busy,
		                                      (long long)load->capacity, percent(arena, load->utilisation)), NULL);
	else
		tell(load, BOUNCER_GOOD, "no transaction ended in this time", NULL);
}

/* The worst thing that there is to say. */
static void judge(struct arena *arena, struct bouncer_load *load, const struct bouncer_database *database, bool alone)
{
	if (load->waiting > 0 && load->longest_us >= STUCK_US && !database->paused)
		tell_stuck(arena, load);
	else if (database->paused)
		tell(load, load->waiting > 0 ? BOUNCER_BAD : BOUNCER_TIGHT,
		     arena_printf(arena, "it is paused, and %lld client(s) wait", (long long)load->waiting),
		     "RESUME it on the console when what it was paused for is over.");
	else if (database->disabled)
		tell(load, BOUNCER_TIGHT, "it is disabled: new clients are refused",
		     "ENABLE it on the console when what it was disabled for is over.");
	else if (!load->counted && alone)
		tell(load, BOUNCER_GOOD, "what its servers do is known from the next look on", NULL);
	else if (!load->counted)
		tell(load, BOUNCER_TIGHT, "its counters do not belong together: PgBouncer was started anew",
		     "Look again.");
	else if (load->utilisation >= TIGHT)
		tell_used(arena, load);
	else if (load->wait_us >= WAIT_LEAST_US && load->wait_us > load->transaction_us)
		tell(load, BOUNCER_TIGHT,
		     arena_printf(arena, "clients wait %s for a server that they use for %s",
		                  text_latency(arena, (int64_t)load->wait_us),
		                  text_latency(arena, (int64_t)load->transaction_us)),
		     "They come in bursts: spread them, or find with `pgsluice pool --on copy` whether more "
		     "servers would do more.");
	else
		tell_calm(arena, load);
}

void bouncer_judge(struct arena *arena, const struct bouncer_look *before, const struct bouncer_look *after,
                   struct bouncer_load_list *list)
{
	double seconds = before ? (double)(after->taken_us - before->taken_us) / 1e6 : 0;

	for (size_t i = 0; i < after->databases.count; i++) {
		const struct bouncer_database *database = &after->databases.items[i];
		struct bouncer_load load = {.database = database->name, .reserve = database->reserve,
		                            .transaction_us = -1, .wait_us = -1};
		if (!add_pools(&load, after))
			continue;
		load.capacity = database->pool_size * (int64_t)load.pools;
		if (database->connections_most > 0 && database->connections_most < load.capacity)
			load.capacity = database->connections_most;
		if (before)
			count(&load, find_counters(before, database->name), find_counters(after, database->name), seconds);
		rate(&load);
		judge(arena, &load, database, !before);
		list_push(arena, list, load);
	}
}
