#include "engine/watch/smoke.h"

#include <string.h>

#include "base/text.h"
#include "core/sql/explainable.h"
#include "pg/pool.h"
#include "sys/clock.h"

enum { TICK_US = 1000000, ANSWER_MS = 1000 };

enum stage { OPENING, RUNNING, OVER };

/* What a session is busy with. */
struct turn {
	size_t query;
	int64_t due_us;  /* when it was to be sent */
	int64_t sent_us;
};

struct smoke {
	struct arena *arena;
	const struct smoke_options *options;
	const struct smoke_query *queries;
	size_t count;
	struct smoke_result *result;
	struct pool *pool;
	enum stage stage;
	struct error failure;      /* why the sessions could not be opened; OK = they could, so far */

	struct turn *turns;        /* of each lane */
	size_t *idle;              /* lanes that wait for something to be due */
	size_t idle_count, ready;
	double *credit;            /* of each query: what its weight has earned */
	bool *unusable;            /* it cannot be prepared */
	double weights;            /* of all that can be */

	int64_t start_us, end_us;  /* end_us: nothing that is due later is sent; INT64_MAX = by count */
	int64_t last_us;           /* the last end */
	int64_t issued;            /* sent so far: the number of the next one */
	int64_t down_us;           /* since when no session is there; 0 = one is */
	int64_t done, failed;
};

static int64_t timeout_ms(const struct smoke_options *options)
{
	return options->timeout_ms > 0 ? options->timeout_ms : SMOKE_TIMEOUT_MS;
}

static double weight_of(const struct smoke_query *query)
{
	return query->weight > 0 ? query->weight : 1;
}

/* ---- what may be sent ---- */

enum status smoke_check(struct arena *arena, const struct smoke_query *query, bool may_write, const char **ret_sql,
                        struct error *err)
{
	const char *name = safe_text(arena, query->name);
	struct explainable read;

	if (explainable_read(arena, NULL, query->sql, strlen(query->sql), 0, &read, err) != OK)
		return error_wrap(err, "query \"%s\"", name);
	if (read.parameters != query->parameters.count) {
		error_set(err, FAIL_REFUSED, "query \"%s\" has %zu parameter(s), and %zu value(s) are given", name,
		          read.parameters, query->parameters.count);
		return error_hint(err, "Give a value for each, as in: -- parameters: 42, 'x'");
	}
	if (read.configures) {
		error_set(err, FAIL_REFUSED, "query \"%s\" changes settings of its session", name);
		return error_hint(err, "Take set_config out: each session runs many queries, one after the other.");
	}
	*ret_sql = read.sql;
	if (read.reads || may_write)
		return OK;
	error_set(err, FAIL_REFUSED, "query \"%s\": %s does more than read", name, read.tag);
	return error_hint(err, "Only what reads is measured: take out what writes or locks rows.");
}

void smoke_add_canaries(struct arena *arena, const struct canary_list *canaries, struct smoke_query_list *list)
{
	for (size_t i = 0; i < canaries->count; i++) {
		const struct canary *canary = &canaries->items[i];
		if (canary->generic)
			continue;
		struct smoke_query query = {.name = canary->name,
		                            .sql = canary->sql,
		                            .parameters = canary->parameters,
		                            .weight = canary->frequency,
		                            .budget_ms = canary->budget_ms};
		list_push(arena, list, query);
	}
}

/* ---- the mix ---- */

/*
 * Each query earns its weight at every turn, and the richest pays for all: shares are exact at any time, and the same
 * in each run.
 */
static size_t pick(struct smoke *smoke)
{
	size_t best = SIZE_MAX;
	for (size_t i = 0; i < smoke->count; i++) {
		if (smoke->unusable[i])
			continue;
		smoke->credit[i] += weight_of(&smoke->queries[i]);
		if (best == SIZE_MAX || smoke->credit[i] > smoke->credit[best])
			best = i;
	}
	smoke->credit[best] -= smoke->weights;
	return best;
}

/* When the next one is due; in the closed loop that is now. */
static int64_t next_due_us(const struct smoke *smoke, int64_t now_us)
{
	if (smoke->options->rate <= 0)
		return now_us;
	return smoke->start_us + (int64_t)((double)smoke->issued * 1e6 / smoke->options->rate);
}

/* Whether there is still one to be sent, now or later. */
static bool has_next(const struct smoke *smoke, int64_t now_us)
{
	if (smoke->stage != RUNNING || (smoke->options->count > 0 && smoke->issued >= smoke->options->count))
		return false;
	return now_us < smoke->end_us && next_due_us(smoke, now_us) < smoke->end_us;
}

/* Sends on a lane that is free, or keeps it for what is due later. */
static void use(struct smoke *smoke, size_t lane, int64_t now_us)
{
	int64_t due_us = next_due_us(smoke, now_us);
	if (!has_next(smoke, now_us) || due_us > now_us) {
		smoke->idle[smoke->idle_count++] = lane;
		return;
	}
	struct turn *turn = &smoke->turns[lane];
	*turn = (struct turn){.query = pick(smoke), .due_us = due_us, .sent_us = now_us};
	smoke->issued++;
	pool_send(smoke->pool, lane, turn->query);
}

static void use_idle(struct smoke *smoke)
{
	int64_t now_us = clock_us();
	while (smoke->idle_count && has_next(smoke, now_us) && next_due_us(smoke, now_us) <= now_us)
		use(smoke, smoke->idle[--smoke->idle_count], now_us);
}

/* A lane that idled and was lost. */
static void forget_idle(struct smoke *smoke, size_t lane)
{
	for (size_t i = 0; i < smoke->idle_count; i++)
		if (smoke->idle[i] == lane)
			smoke->idle[i] = smoke->idle[--smoke->idle_count];
}

/* ---- what came of it ---- */

static void record(struct smoke *smoke, struct smoke_figures *figures, const struct turn *turn, int64_t at_us)
{
	histogram_record(&figures->latency, at_us - turn->due_us);
	if (smoke->options->rate > 0)
		histogram_record(&figures->service, at_us - turn->sent_us);
}

static void add_errors(struct arena *arena, struct smoke_figures *figures, const char *sqlstate, const char *message,
                       int64_t count)
{
	for (size_t i = 0; i < figures->errors.count; i++) {
		if (strcmp(figures->errors.items[i].sqlstate, sqlstate) != 0)
			continue;
		figures->errors.items[i].count += count;
		return;
	}
	struct smoke_errors errors = {
		.sqlstate = arena_strdup(arena, sqlstate), .message = arena_strdup(arena, message), .count = count};
	list_push(arena, &figures->errors, errors);
}

static void note_failure(struct smoke *smoke, size_t query, const char *sqlstate, const char *message)
{
	struct smoke_figures *figures = &smoke->result->queries[query];
	figures->failed++;
	smoke->failed++;
	add_errors(smoke->arena, figures, sqlstate, message, 1);
}

/* Cancelled by its timeout: it would have taken at least that long. */
static bool has_timed_out(const struct smoke *smoke, const struct turn *turn, const struct error *err, int64_t at_us)
{
	return strcmp(err->sqlstate, "57014") == 0 && at_us - turn->sent_us >= timeout_ms(smoke->options) * 1000;
}

static void note_end(struct smoke *smoke, enum pool_news news, size_t lane, int64_t at_us, const struct error *err)
{
	const struct turn *turn = &smoke->turns[lane];
	struct smoke_figures *figures = &smoke->result->queries[turn->query];

	smoke->last_us = at_us;
	if (news == POOL_ENDED) {
		record(smoke, figures, turn, at_us);
		figures->done++;
		smoke->done++;
		return;
	}
	if (news == POOL_FAILED && has_timed_out(smoke, turn, err, at_us))
		record(smoke, figures, turn, at_us);
	/* What libpq says of a broken connection has no SQLSTATE. */
	note_failure(smoke, turn->query, *err->sqlstate ? err->sqlstate : news == POOL_LOST ? "08006" : "XX000",
	             err->message);
}

static void note_absence(struct smoke *smoke, enum pool_news news, const struct error *err)
{
	if (news == POOL_LOST)
		smoke->result->lost++;
	else
		smoke->result->refused++;
	smoke->result->refusal = arena_strdup(smoke->arena, err->message);
	if (!smoke->down_us && pool_connected(smoke->pool) == 0)
		smoke->down_us = clock_us();
}

static void copy_error(struct error *to, const struct error *from)
{
	error_set(to, from->status, "%s", from->message);
	error_sqlstate(to, from->sqlstate);
	if (from->detail)
		error_detail(to, "%s", from->detail);
	if (from->hint)
		error_hint(to, "%s", from->hint);
}

static void told_opening(struct smoke *smoke, enum pool_news news, size_t lane, size_t statement,
                         const struct error *err)
{
	if (news == POOL_READY) {
		smoke->idle[smoke->idle_count++] = lane;
		smoke->ready++;
	} else if (news == POOL_UNPREPARED) {
		/* Every lane says so. */
		if (!smoke->unusable[statement])
			note_failure(smoke, statement, err->sqlstate, err->message);
		smoke->unusable[statement] = true;
	} else if (smoke->failure.status == OK) {
		copy_error(&smoke->failure, err);
	}
}

static void told(void *context, enum pool_news news, size_t lane, size_t statement, int64_t at_us,
                 const struct error *err)
{
	struct smoke *smoke = context;

	if (smoke->stage == OPENING)
		told_opening(smoke, news, lane, statement, err);
	if (smoke->stage != RUNNING)
		return;
	switch (news) {
	case POOL_ENDED:
	case POOL_FAILED:
		note_end(smoke, news, lane, at_us, err);
		use(smoke, lane, at_us);
		break;
	case POOL_READY:
		smoke->down_us = 0;
		use(smoke, lane, at_us);
		break;
	case POOL_LOST:
		if (statement == SIZE_MAX)
			forget_idle(smoke, lane);
		else
			note_end(smoke, news, lane, at_us, err);
		note_absence(smoke, news, err);
		break;
	case POOL_REFUSED:
		note_absence(smoke, news, err);
		break;
	case POOL_UNPREPARED: /* told again when it is sent */
		break;
	}
}

/* ---- the run ---- */

static enum status open_sessions(struct smoke *smoke, struct loop *loop, struct error *err)
{
	while (smoke->ready < smoke->options->concurrency && smoke->failure.status == OK)
		if (pool_turn(smoke->pool, INT64_MAX) == LOOP_STOPPED)
			return loop_stop_error(loop, err);
	if (smoke->failure.status == OK)
		return OK;
	error_move(err, &smoke->failure);
	if (smoke->options->concurrency > 1)
		error_wrap(err, "could not open %zu sessions", smoke->options->concurrency);
	return err->status;
}

/* A statement that the server was to end by its timeout, and of which nothing is heard. */
static bool is_silent(const struct smoke *smoke, size_t lane, int64_t now_us)
{
	int64_t limit_us = (timeout_ms(smoke->options) + ANSWER_MS) * 1000;
	return pool_lane_busy(smoke->pool, lane) && now_us - smoke->turns[lane].sent_us > limit_us;
}

static enum status check_silence(struct smoke *smoke, int64_t now_us, struct error *err)
{
	for (size_t lane = 0; lane < smoke->options->concurrency; lane++)
		if (!is_silent(smoke, lane, now_us))
			return OK;
	error_set(err, FAIL_UNREACHABLE, "the server gave no answer within %lld s",
	          (long long)((timeout_ms(smoke->options) + ANSWER_MS + 999) / 1000));
	return error_hint(err, "It stands still, or the network does: look at the server first.");
}

static enum status check_down(struct smoke *smoke, int64_t now_us, struct error *err)
{
	if (!smoke->down_us || now_us - smoke->down_us < timeout_ms(smoke->options) * 1000)
		return OK;
	error_set(err, FAIL_UNREACHABLE, "the server went away and did not come back within %lld s",
	          (long long)((timeout_ms(smoke->options) + 999) / 1000));
	return error_detail(err, "The last attempt: %s.", smoke->result->refusal);
}

/* When the loop must wake up although no answer came. */
static int64_t deadline_us(const struct smoke *smoke, int64_t now_us, int64_t tick_us)
{
	int64_t deadline = tick_us;
	bool sends_later = smoke->idle_count && has_next(smoke, now_us);
	if (sends_later && next_due_us(smoke, now_us) < deadline)
		deadline = next_due_us(smoke, now_us);
	if (smoke->end_us > now_us && smoke->end_us < deadline)
		deadline = smoke->end_us;
	return deadline;
}

static enum status tick(struct smoke *smoke, int64_t now_us, struct error *err)
{
	if (smoke->options->progress)
		smoke->options->progress(smoke->options->context, (now_us - smoke->start_us) / 1000, smoke->done,
		                         smoke->failed);
	return check_silence(smoke, now_us, err);
}

/* Until all were sent and have ended, or no more can be hoped for. */
static enum status measure(struct smoke *smoke, struct loop *loop, struct error *err)
{
	int64_t tick_us = smoke->start_us + TICK_US, limit_us = INT64_MAX;

	for (;;) {
		use_idle(smoke);
		int64_t now_us = clock_us();
		if (!has_next(smoke, now_us) && limit_us == INT64_MAX) {
			pool_settle(smoke->pool);
			limit_us = now_us + (timeout_ms(smoke->options) + ANSWER_MS) * 1000;
		}
		if ((limit_us != INT64_MAX && pool_busy(smoke->pool) == 0) || now_us >= limit_us)
			return OK;
		if (limit_us == INT64_MAX && check_down(smoke, now_us, err) != OK)
			return err->status;
		if (now_us >= tick_us) {
			tick_us = now_us + TICK_US;
			if (tick(smoke, now_us, err) != OK)
				return err->status;
		}
		if (pool_turn(smoke->pool, deadline_us(smoke, now_us, tick_us)) == LOOP_STOPPED)
			return loop_stop_error(loop, err);
	}
}

/* What got no answer until the end waited at least until then. */
static void note_unanswered(struct smoke *smoke, int64_t now_us)
{
	for (size_t lane = 0; lane < smoke->options->concurrency; lane++) {
		const struct turn *turn = &smoke->turns[lane];
		if (!pool_lane_busy(smoke->pool, lane))
			continue;
		record(smoke, &smoke->result->queries[turn->query], turn, now_us);
		note_failure(smoke, turn->query, "", "no answer until the end");
	}
}

static void note_omitted(struct smoke *smoke, int64_t now_us)
{
	int64_t end_us = smoke->end_us < now_us ? smoke->end_us : now_us;

	while (smoke->options->rate > 0 && next_due_us(smoke, now_us) < end_us &&
	       (smoke->options->count == 0 || smoke->issued < smoke->options->count)) {
		struct smoke_figures *figures = &smoke->result->queries[pick(smoke)];
		histogram_record(&figures->latency, now_us - next_due_us(smoke, now_us));
		figures->omitted++;
		smoke->issued++;
	}
}

static void sum_up(struct smoke *smoke)
{
	struct smoke_result *result = smoke->result;
	struct smoke_figures *total = &result->total;

	for (size_t i = 0; i < smoke->count; i++) {
		const struct smoke_figures *figures = &result->queries[i];
		total->done += figures->done;
		total->failed += figures->failed;
		total->omitted += figures->omitted;
		histogram_merge(&total->latency, &figures->latency);
		histogram_merge(&total->service, &figures->service);
		for (size_t e = 0; e < figures->errors.count; e++)
			add_errors(smoke->arena, total, figures->errors.items[e].sqlstate,
			           figures->errors.items[e].message, figures->errors.items[e].count);
	}
	if (smoke->last_us > smoke->start_us)
		result->elapsed_us = smoke->last_us - smoke->start_us;
	if (result->elapsed_us)
		result->throughput = (double)total->done * 1e6 / (double)result->elapsed_us;
}

static bool has_usable(struct smoke *smoke)
{
	smoke->weights = 0;
	for (size_t i = 0; i < smoke->count; i++)
		if (!smoke->unusable[i])
			smoke->weights += weight_of(&smoke->queries[i]);
	return smoke->weights > 0;
}

static enum status run_mix(struct smoke *smoke, struct loop *loop, struct error *err)
{
	const struct smoke_options *options = smoke->options;
	enum status status = open_sessions(smoke, loop, err);

	smoke->result->place = arena_strdup(smoke->arena, pool_place(smoke->pool));
	if (status != OK || !has_usable(smoke)) {
		sum_up(smoke);
		return status;
	}
	smoke->stage = RUNNING;
	smoke->start_us = smoke->last_us = clock_us();
	smoke->end_us = options->duration_ms > 0 ? smoke->start_us + options->duration_ms * 1000 : INT64_MAX;
	status = measure(smoke, loop, err);
	int64_t now_us = clock_us();
	/* Those on their way when the operator stops it are nobody's fault. */
	if (status != FAIL_INTERRUPTED && status != FAIL_TERMINATED)
		note_unanswered(smoke, now_us);
	note_omitted(smoke, now_us);
	smoke->stage = OVER;
	pool_cancel(smoke->pool, ANSWER_MS);
	sum_up(smoke);
	return status;
}

static enum status check_all(struct smoke *smoke, struct pool_statement *statements, struct error *err)
{
	for (size_t i = 0; i < smoke->count; i++) {
		const struct smoke_query *query = &smoke->queries[i];
		if (smoke_check(smoke->arena, query, smoke->options->may_write, &statements[i].sql, err) != OK)
			return err->status;
		statements[i].count = (int)query->parameters.count;
		statements[i].parameters = query->parameters.items;
		smoke->result->queries[i].name = query->name;
		smoke->result->queries[i].budget_ms = query->budget_ms;
	}
	return OK;
}

enum status smoke_run(struct loop *loop, struct arena *arena, const struct smoke_options *given,
                      const struct smoke_query_list *queries, struct smoke_result *ret_result, struct error *err)
{
	struct smoke_options options = *given;
	options.concurrency = given->concurrency > 0 ? given->concurrency : 1;
	struct smoke smoke = {.arena = arena, .options = &options, .queries = queries->items, .count = queries->count};
	struct pool_statement *statements = arena_alloc(arena, (queries->count + 1) * sizeof(*statements));

	*ret_result = (struct smoke_result){.count = queries->count, .sessions = options.concurrency, .rate = options.rate};
	ret_result->queries = arena_alloc(arena, (queries->count + 1) * sizeof(*ret_result->queries));
	smoke.result = ret_result;
	smoke.turns = arena_alloc(arena, options.concurrency * sizeof(*smoke.turns));
	smoke.idle = arena_alloc(arena, options.concurrency * sizeof(*smoke.idle));
	smoke.credit = arena_alloc(arena, (queries->count + 1) * sizeof(*smoke.credit));
	smoke.unusable = arena_alloc(arena, (queries->count + 1) * sizeof(*smoke.unusable));
	if (check_all(&smoke, statements, err) != OK)
		return err->status;
	struct pool_options pool = {
		.session = options.session,
		.lanes = options.concurrency,
		.timeout_ms = timeout_ms(&options),
		.statements = statements,
		.count = queries->count,
		.told = told,
		.context = &smoke,
	};
	pool.session.access = options.may_write ? SESSION_READ_WRITE : SESSION_READ_ONLY;
	pool.session.plain = true;
	smoke.pool = pool_open(loop, &pool);
	enum status status = run_mix(&smoke, loop, err);
	error_clear(&smoke.failure);
	pool_close(smoke.pool);
	return status;
}

/* ---- figures ---- */

bool smoke_in_budget(const struct smoke_figures *figures)
{
	return figures->budget_ms <= 0 ||
	       histogram_percentile(&figures->latency, 0.95) <= figures->budget_ms * 1000;
}

static void set_ms(struct json *object, const char *key, double value_us)
{
	_cleanup_strbuf_ struct strbuf digits = {0};
	strbuf_printf(&digits, "%.3f", value_us / 1000);
	json_set(object, key, json_new_real(strbuf_text(&digits)));
}

struct json *smoke_figures_json(const struct smoke_figures *figures)
{
	static const struct {
		const char *key;
		double share;
	} PERCENTILES[] = {{"p50_ms", 0.5}, {"p90_ms", 0.9}, {"p95_ms", 0.95}, {"p99_ms", 0.99}, {"max_ms", 1}};
	struct json *object = json_new_object(), *errors = json_new_array();

	if (figures->name)
		json_set_text(object, "name", figures->name);
	json_set_int(object, "done", figures->done);
	json_set_int(object, "failed", figures->failed);
	json_set_int(object, "omitted", figures->omitted);
	for (size_t i = 0; i < sizeof(PERCENTILES) / sizeof(*PERCENTILES); i++)
		set_ms(object, PERCENTILES[i].key,
		       (double)histogram_percentile(&figures->latency, PERCENTILES[i].share));
	set_ms(object, "mean_ms", histogram_mean(&figures->latency));
	if (figures->budget_ms > 0) {
		json_set_int(object, "budget_ms", figures->budget_ms);
		json_set_bool(object, "in_budget", smoke_in_budget(figures));
	}
	for (size_t i = 0; i < figures->errors.count; i++) {
		struct json *row = json_new_object();
		json_set_text(row, "sqlstate", figures->errors.items[i].sqlstate);
		json_set_text(row, "message", figures->errors.items[i].message);
		json_set_int(row, "count", figures->errors.items[i].count);
		json_push(errors, row);
	}
	json_set(object, "errors", errors);
	json_set(object, "histogram", histogram_json(&figures->latency));
	if (figures->service.count)
		json_set(object, "service_histogram", histogram_json(&figures->service));
	return object;
}
