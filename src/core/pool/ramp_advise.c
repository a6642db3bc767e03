#include "core/pool/ramp.h"

#include "base/text.h"

/* Beyond the knee a p95 that is at most this many times as long is still borne for a while. */
static const double BORNE = 2.0;

/* More clients than that are not promised by a measurement of seconds. */
static const double CLIENTS_MOST = 10000;

static int64_t at_least_one(int64_t number)
{
	return number > 0 ? number : 1;
}

static void add(struct arena *arena, struct ramp_setting_list *list, const char *name, const char *value,
                const char *why)
{
	*list_add(arena, list) = (struct ramp_setting){.name = name, .value = value, .why = why};
}

static const char *number(struct arena *arena, int64_t value)
{
	return arena_printf(arena, "%lld", (long long)value);
}

/* Servers of all pools together: what the knee asks for and the server can give. */
static int64_t servers_of(const struct ramp_step *at, const struct ramp_facts *facts)
{
	int64_t servers = (int64_t)at->sessions;

	if (facts->connections_left >= 0 && facts->connections_left < servers)
		servers = facts->connections_left;
	return at_least_one(servers);
}

static void advise_size(struct arena *arena, const struct ramp_step *at, const struct ramp_knee *knee,
                        const struct ramp_facts *facts, struct ramp_setting_list *list)
{
	int64_t servers = servers_of(at, facts), pools = at_least_one(facts->pools);
	int64_t size = at_least_one(servers / pools);
	const char *why = knee->text;

	if (servers < (int64_t)at->sessions)
		why = arena_printf(arena, "%s; the server has %lld connection(s) left", why, (long long)servers);
	if (pools > 1)
		why = arena_printf(arena, "%s; %lld pools share them", why, (long long)pools);
	add(arena, list, "default_pool_size", number(arena, size), why);
}

/* The most sessions beyond the knee whose p95 is borne. */
static const struct ramp_step *last_borne(const struct ramp_step_list *steps, const struct ramp_knee *knee)
{
	const struct ramp_step *at = &steps->items[knee->step], *borne = at;

	for (size_t i = knee->step + 1; i < steps->count; i++) {
		const struct ramp_step *step = &steps->items[i];
		if (step->failed || step->lost || (double)step->p95_us > (double)at->p95_us * BORNE)
			break;
		borne = step;
	}
	return borne;
}

static void advise_reserve(struct arena *arena, const struct ramp_step_list *steps, const struct ramp_knee *knee,
                           const struct ramp_facts *facts, struct ramp_setting_list *list)
{
	const struct ramp_step *at = &steps->items[knee->step], *borne = last_borne(steps, knee);
	int64_t reserve = (int64_t)(borne->sessions - at->sessions);
	int64_t room = facts->connections_left >= 0 ? facts->connections_left - servers_of(at, facts) : reserve;

	reserve = reserve < room ? reserve : room;
	if (reserve > 0)
		add(arena, list, "reserve_pool_size", number(arena, at_least_one(reserve / at_least_one(facts->pools))),
		    arena_printf(arena, "with %zu session(s) p95 is %s, at most twice the %s at the knee", borne->sessions,
		                 text_latency(arena, borne->p95_us), text_latency(arena, at->p95_us)));
	else
		add(arena, list, "reserve_pool_size", "0",
		    borne == at ? "no step beyond the knee had a p95 of at most twice the knee's"
		                : "the server has no connections left for it");
}

/* As many as can all ask at once, and the last is answered within the budget. */
static double clients_of(const struct ramp_step *at, const struct ramp_facts *facts)
{
	double clients = at->throughput * (double)facts->budget_ms / 1000;

	if (clients > CLIENTS_MOST)
		clients = CLIENTS_MOST;
	return clients < (double)at->sessions ? (double)at->sessions : clients;
}

static void advise_clients(struct arena *arena, const struct ramp_step *at, const struct ramp_facts *facts,
                           struct ramp_setting_list *list)
{
	int64_t clients = (int64_t)clients_of(at, facts);
	const char *why = arena_printf(arena, "%.0f queries a second answer so many clients that ask at once within %s",
	                               at->throughput, text_duration(arena, facts->budget_ms));

	if (facts->clients > clients) {
		why = arena_printf(arena, "so many are connected now; %s only if no more than %lld of them ask at once", why,
		                   (long long)clients);
		clients = facts->clients;
	}
	add(arena, list, "max_client_conn", number(arena, clients), why);
}

/* All clients at once, twice; and what a migration may hold them up. In whole seconds, as PgBouncer has it. */
static int64_t wait_s_of(const struct ramp_step *at, const struct ramp_facts *facts)
{
	double drain_s = clients_of(at, facts) / at->throughput;
	double wait_s = drain_s * 2 + (double)facts->lock_timeout_ms / 1000;

	return (int64_t)wait_s + 1;
}

static void advise_wait(struct arena *arena, const struct ramp_step *at, const struct ramp_facts *facts,
                        struct ramp_setting_list *list)
{
	double clients = clients_of(at, facts);
	int64_t drain_ms = (int64_t)(clients / at->throughput * 1000);
	int64_t wait_s = wait_s_of(at, facts);

	add(arena, list, "query_wait_timeout", number(arena, wait_s),
	    arena_printf(arena, "%.0f queries a second answer %.0f clients in %s; twice that, and the %s that "
	                 "a migration may hold them up", at->throughput, clients, text_duration(arena, drain_ms),
	                 text_duration(arena, facts->lock_timeout_ms)));
	add(arena, list, "application: time to wait for a connection", arena_printf(arena, "%lld s", (long long)wait_s + 1),
	    "longer than query_wait_timeout, so that PgBouncer is the one that says what is wrong");
}

static void advise_application(struct arena *arena, const struct ramp_step *at, const struct ramp_facts *facts,
                               struct ramp_setting_list *list)
{
	int64_t limit_ms = at->p99_us * 10 / 1000;

	if (limit_ms < facts->budget_ms)
		limit_ms = facts->budget_ms;
	add(arena, list, "application: connections of all its processes, without PgBouncer",
	    number(arena, servers_of(at, facts)), "the same knee: what does not fit waits in the application's own pool");
	add(arena, list, "application: statement_timeout", text_duration(arena, limit_ms),
	    arena_printf(arena, "p99 at the knee is %s: ten times that, and not less than the budget of %s",
	                 text_latency(arena, at->p99_us), text_duration(arena, facts->budget_ms)));
}

void ramp_advise(struct arena *arena, const struct ramp_step_list *steps, const struct ramp_knee *knee,
                 const struct ramp_facts *facts, struct ramp_setting_list *list)
{
	if (!knee->known)
		return;
	const struct ramp_step *at = &steps->items[knee->step];
	advise_size(arena, at, knee, facts, list);
	advise_reserve(arena, steps, knee, facts, list);
	advise_clients(arena, at, facts, list);
	advise_wait(arena, at, facts, list);
	advise_application(arena, at, facts, list);
}

/* Throughput is not all: a smaller pool may be what the queries' budgets ask for. */
static const char *over_text(struct arena *arena, const struct ramp_step_list *steps, const struct ramp_step *at)
{
	size_t sessions = 0;

	for (size_t i = 0; i < steps->count && !steps->items[i].over; i++)
		sessions = steps->items[i].sessions;
	if (!sessions)
		return arena_printf(arena, "%zu of the queries are over their budget at the knee, and with one session, too.",
		                    at->over);
	return arena_printf(arena, "%zu of the queries are over their budget at the knee; with up to %zu session(s) none "
	                    "is.", at->over, sessions);
}

void ramp_hints(struct arena *arena, const struct ramp_step_list *steps, const struct ramp_knee *knee,
                const struct ramp_facts *facts, struct text_list *list)
{
	const char *measured = knee->known
	                               ? arena_printf(arena, "%zu measured", steps->items[knee->step].sessions)
	                               : "nothing measured";

	if (knee->known && steps->items[knee->step].over)
		list_push(arena, list, over_text(arena, steps, &steps->items[knee->step]));
	if (facts->busy >= 0 && knee->known)
		list_push(arena, list,
		          arena_printf(arena, "By Little's law %.1f servers are busy now: %.0f %% of the knee.", facts->busy,
		                       facts->busy * 100 / (double)steps->items[knee->step].sessions));
	if (facts->cores > 0)
		list_push(arena, list,
		          arena_printf(arena, "By rule of thumb, cores * 2 + disks that seek: %lld * 2 + 1 = %lld, beside %s.",
		                       (long long)facts->cores, (long long)facts->cores * 2 + 1, measured));
	else
		list_push(arena, list,
		          arena_printf(arena, "By rule of thumb, cores * 2 + disks that seek, of the server's machine; "
		                       "beside %s.", measured));
	list_push(arena, list, "Where each of T threads holds C connections at the same time, fewer than "
	                       "T * (C - 1) + 1 can deadlock.");
}
