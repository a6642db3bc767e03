#include "pg/samplers/samplers.h"

#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "pg/asker.h"
#include "pg/query.h"
#include "pg/samplers/pools.h"
#include "sys/clock.h"

enum { LOCK_TIMEOUT_MS = 50, SERVER_TIMEOUT_MS = 2000, SECOND_LOOK_MS = 1000 };

enum state { WAITING, TAKEN, UNSEEN, FAILED };

static const char *const STATE_NAMES[] = {
	[WAITING] = "waiting", [TAKEN] = "ok", [UNSEEN] = "n/a", [FAILED] = "failed"};

struct slot {
	const struct sampler *sampler;
	enum state state;
	bool wanted;              /* due, and not asked yet */
	int64_t due_ms;
	int64_t taken_ms;         /* of the newest values */
	int64_t cost_us;          /* of the newest answer */
	uint64_t asked_before;    /* samplers->asked at the look before */
	int64_t taken, skipped, failed;
	char *reason;             /* why there are no values, or no new ones */
	struct json *values;      /* the newest, or NULL */
	struct json *counters;    /* of the look before, or NULL */
};

/* Columns of sample_server. */
enum server_column {
	SERVER_DATABASE,
	SERVER_VERSION,
	SERVER_IN_RECOVERY,
	SERVER_STARTED,
	SERVER_READS_STATISTICS,
	SERVER_MONITORS,
};

struct samplers {
	struct loop *loop;
	struct samplers_options options;
	struct asker *asker;
	struct loop_timer timer;
	struct slot *slots;
	size_t count;             /* of those that the server is asked */
	size_t all;               /* count, and one more with pools: that of PgBouncer is last */
	struct pools *pools;      /* or NULL */
	size_t running;           /* index of the one that the server is asked; SIZE_MAX = none */
	int64_t asked_us;         /* when it was */

	unsigned connection;      /* the asker's that `server` is of; another one is asked first */
	struct json *server;      /* or NULL */
	int server_version;
	bool sees[NEEDS_MONITOR + 1];

	int64_t started_ms, busy_us;
	uint64_t asked;
};

static void serve(struct samplers *samplers);

/* ---- what became of a sample ---- */

static void set_reason(struct slot *slot, const char *reason)
{
	memory_free(slot->reason);
	slot->reason = reason ? memory_strdup(reason) : NULL;
}

static void forget_values(struct slot *slot)
{
	json_close(slot->values);
	slot->values = NULL;
}

static void forget_counters(struct slot *slot)
{
	json_close(slot->counters);
	slot->counters = NULL;
}

/* Who listens learns that there is no new value: else the last one would stand for what is so now. */
static void tell_unseen(const struct samplers *samplers, const struct slot *slot)
{
	if (samplers->options.unseen)
		samplers->options.unseen(samplers->options.context, slot->sampler, slot->reason);
}

/* It cannot be seen: no figure of it may stand, for a wrong one would. */
static void set_unseen(const struct samplers *samplers, struct slot *slot, const char *needs)
{
	_cleanup_arena_ struct arena *scratch = arena_open();
	slot->state = UNSEEN;
	set_reason(slot, arena_printf(scratch, "needs %s", needs));
	forget_values(slot);
	forget_counters(slot);
	tell_unseen(samplers, slot);
}

static void set_out_of_reach(const struct samplers *samplers, struct slot *slot, const char *message)
{
	slot->state = FAILED;
	set_reason(slot, message);
	tell_unseen(samplers, slot);
}

static void set_failed(const struct samplers *samplers, struct slot *slot, const char *message)
{
	slot->failed++;
	set_out_of_reach(samplers, slot, message);
}

static void note_failure(const struct samplers *samplers, struct slot *slot, const struct error *err)
{
	bool no_right = strcmp(err->sqlstate, "42501") == 0;

	/* A server that takes too long, or a lock that is held: this tick is lost, and the next one may succeed. */
	if (strcmp(err->sqlstate, "57014") == 0 || strcmp(err->sqlstate, "55P03") == 0)
		slot->skipped++;
	if (no_right)
		set_unseen(samplers, slot, "pg_monitor");
	else
		set_failed(samplers, slot, err->message);
}

static void take_values(struct samplers *samplers, struct slot *slot, struct json *values, int64_t now_ms)
{
	forget_values(slot);
	slot->values = values;
	slot->taken_ms = now_ms;
	slot->taken++;
	slot->state = TAKEN;
	set_reason(slot, NULL);
	if (samplers->options.taken)
		samplers->options.taken(samplers->options.context, slot->sampler, values);
}

static void note_values(struct samplers *samplers, struct slot *slot, const struct rows *rows)
{
	_cleanup_arena_ struct arena *arena = arena_open();
	int64_t now_ms = clock_ms();
	struct json *values = json_new_object();
	struct sampling sampling = {
		.interval_ms = slot->counters ? now_ms - slot->taken_ms : 0,
		.before = slot->counters,
		.counters = json_new_object(),
		.asked = samplers->asked - slot->asked_before,
		.arena = arena,
	};

	/* Two looks in the same millisecond have no rate. */
	if (slot->counters && sampling.interval_ms == 0)
		sampling.interval_ms = 1;
	slot->sampler->read(&sampling, rows, values);
	forget_counters(slot);
	slot->counters = sampling.counters;
	slot->asked_before = samplers->asked;
	if (!sampling.unseen) {
		take_values(samplers, slot, values, now_ms);
		return;
	}
	json_close(values);
	slot->taken_ms = now_ms;
	slot->taken++;
	set_unseen(samplers, slot, sampling.unseen);
}

static void on_answer(void *context, const struct rows *rows, const struct error *err)
{
	struct samplers *samplers = context;
	struct slot *slot = &samplers->slots[samplers->running];
	int64_t cost_us = clock_us() - samplers->asked_us;

	samplers->running = SIZE_MAX;
	samplers->busy_us += cost_us;
	slot->cost_us = cost_us;
	if (rows)
		note_values(samplers, slot, rows);
	else
		note_failure(samplers, slot, err);
}

/* ---- PgBouncer ---- */

static void on_looked(void *context, struct json *values, int64_t cost_us, const struct error *err)
{
	struct samplers *samplers = context;
	struct slot *slot = &samplers->slots[samplers->count];

	if (!values) {
		set_failed(samplers, slot, err->message);
		return;
	}
	slot->cost_us = cost_us;
	take_values(samplers, slot, values, clock_ms());
}

static enum status open_pools(struct samplers *samplers, struct error *err)
{
	const struct pools_options options = {
		.conninfo = samplers->options.bouncer,
		.role_word = samplers->options.role_word,
		.run_id = samplers->options.run_id,
		.begin_after_ms = samplers->options.begin_after_ms,
		.looked = on_looked,
		.context = samplers,
	};

	if (samplers->all == samplers->count)
		return OK;
	return pools_open(samplers->loop, &options, &samplers->pools, err);
}

/* ---- the server that is connected to ---- */

static void learn_server(struct samplers *samplers, const struct rows *rows)
{
	_cleanup_arena_ struct arena *arena = arena_open();
	int64_t started_ms = rows_int(rows, 0, SERVER_STARTED);

	/* Another start, or another server: its counters have nothing to do with those before. */
	if (json_get_int(samplers->server, "started_ms") != started_ms)
		for (size_t i = 0; i < samplers->count; i++)
			forget_counters(&samplers->slots[i]);
	json_close(samplers->server);
	samplers->server = json_new_object();
	json_set_text(samplers->server, "place", safe_text(arena, asker_place(samplers->asker)));
	json_set_text(samplers->server, "database", safe_text(arena, rows_get(rows, 0, SERVER_DATABASE)));
	json_set_text(samplers->server, "version", safe_text(arena, rows_get(rows, 0, SERVER_VERSION)));
	json_set_bool(samplers->server, "in_recovery", rows_true(rows, 0, SERVER_IN_RECOVERY));
	json_set_int(samplers->server, "started_ms", started_ms);
	samplers->server_version = asker_server_version(samplers->asker);
	samplers->sees[NEEDS_NOTHING] = true;
	samplers->sees[NEEDS_STATISTICS] = rows_true(rows, 0, SERVER_READS_STATISTICS);
	samplers->sees[NEEDS_MONITOR] = rows_true(rows, 0, SERVER_MONITORS);
	samplers->connection = asker_connection(samplers->asker);
}

static void on_server(void *context, const struct rows *rows, const struct error *err)
{
	struct samplers *samplers = context;

	if (rows) {
		learn_server(samplers, rows);
		return;
	}
	/* Nothing can be asked without it: as long as it fails, so do all. */
	for (size_t i = 0; i < samplers->count; i++) {
		samplers->slots[i].wanted = false;
		set_failed(samplers, &samplers->slots[i], err->message);
	}
}

/* ---- whose turn it is ---- */

static size_t next_wanted(const struct samplers *samplers)
{
	size_t index = 0;
	while (index < samplers->count && !samplers->slots[index].wanted)
		index++;
	return index;
}

static void ask(struct samplers *samplers, size_t index)
{
	struct slot *slot = &samplers->slots[index];
	const char *sql = sampler_query(slot->sampler, samplers->server_version);

	slot->wanted = false;
	if (!samplers->sees[slot->sampler->needs]) {
		set_unseen(samplers, slot, "pg_monitor");
	} else if (!sql) {
		set_unseen(samplers, slot, "a newer server");
	} else {
		samplers->running = index;
		samplers->asked_us = clock_us();
		samplers->asked++;
		asker_ask(samplers->asker, sql, slot->sampler->timeout_ms, on_answer, samplers);
	}
}

static void serve(struct samplers *samplers)
{
	while (asker_idle(samplers->asker)) {
		size_t index = next_wanted(samplers);
		if (index == samplers->count)
			return;
		if (samplers->connection == asker_connection(samplers->asker))
			ask(samplers, index);
		else
			asker_ask(samplers->asker, query_sample_server, SERVER_TIMEOUT_MS, on_server, samplers);
	}
}

static void on_changed(void *context)
{
	struct samplers *samplers = context;
	const struct error *trouble = asker_trouble(samplers->asker);

	if (trouble->status == OK) {
		serve(samplers);
		return;
	}
	for (size_t i = 0; i < samplers->count; i++)
		set_out_of_reach(samplers, &samplers->slots[i], trouble->message);
}

/* A sampler that needs two looks gets its second one soon. */
static int64_t interval_of(const struct slot *slot)
{
	bool first = slot->sampler->rates && slot->taken + slot->failed == 0;
	return first && slot->sampler->interval_ms > SECOND_LOOK_MS ? SECOND_LOOK_MS : slot->sampler->interval_ms;
}

static bool is_asked(const struct samplers *samplers, size_t index)
{
	return index == samplers->count ? pools_busy(samplers->pools) : samplers->running == index;
}

/* What was due again before it was asked, or while it still was, is skipped; so is what a sleep has passed over. */
static void tick(struct samplers *samplers, size_t index, int64_t now_ms)
{
	struct slot *slot = &samplers->slots[index];

	if (slot->due_ms > now_ms)
		return;
	if (slot->wanted || is_asked(samplers, index))
		slot->skipped++;
	else if (index == samplers->count)
		pools_look(samplers->pools);
	else
		slot->wanted = true;
	slot->due_ms += interval_of(slot);
	while (slot->due_ms <= now_ms) {
		slot->due_ms += slot->sampler->interval_ms;
		slot->skipped++;
	}
}

static void on_timer(struct loop_timer *timer)
{
	struct samplers *samplers = timer->context;
	int64_t now_ms = clock_ms(), due_ms = INT64_MAX;

	for (size_t i = 0; i < samplers->all; i++) {
		tick(samplers, i, now_ms);
		if (samplers->slots[i].due_ms < due_ms)
			due_ms = samplers->slots[i].due_ms;
	}
	timer->due_ms = due_ms;
	serve(samplers);
}

/* ---- from outside ---- */

static void choose_samplers(struct samplers *samplers, const struct text_list *names)
{
	size_t all;
	const struct sampler *const *list = samplers_list(&all);

	samplers->slots = memory_new(all * sizeof(*samplers->slots));
	for (size_t i = 0; i < all; i++) {
		bool pooler = list[i]->of_pooler;
		if ((names && names->count > 0 && !text_list_has(names, list[i]->name)) ||
		    (pooler && !samplers->options.bouncer))
			continue;
		samplers->slots[samplers->all++] = (struct slot){.sampler = list[i], .due_ms = samplers->started_ms};
		samplers->count += !pooler;
	}
	samplers->running = SIZE_MAX;
}

enum status samplers_open(struct loop *loop, const struct samplers_options *options, struct samplers **ret_samplers,
                          struct error *err)
{
	struct samplers *samplers = memory_new(sizeof(*samplers));
	struct asker_options asker = {
		.session = {.conninfo = options->conninfo, .role_word = options->role_word, .run_id = options->run_id},
		.begin_after_ms = options->begin_after_ms,
		.lock_timeout_ms = LOCK_TIMEOUT_MS,
		.changed = on_changed,
		.context = samplers,
	};

	samplers->loop = loop;
	samplers->options = *options;
	samplers->started_ms = clock_ms() + options->begin_after_ms;
	choose_samplers(samplers, options->names);
	if (asker_open(loop, &asker, &samplers->asker, err) != OK || open_pools(samplers, err) != OK) {
		asker_close(samplers->asker);
		memory_free(samplers->slots);
		memory_free(samplers);
		return err->status;
	}
	samplers->timer = (struct loop_timer){.due_ms = samplers->started_ms, .due = on_timer, .context = samplers};
	loop_add_timer(loop, &samplers->timer);
	*ret_samplers = samplers;
	return OK;
}

void samplers_close(struct samplers *samplers)
{
	if (!samplers)
		return;
	loop_remove_timer(samplers->loop, &samplers->timer);
	asker_close(samplers->asker);
	pools_close(samplers->pools);
	for (size_t i = 0; i < samplers->all; i++) {
		json_close(samplers->slots[i].values);
		json_close(samplers->slots[i].counters);
		memory_free(samplers->slots[i].reason);
	}
	json_close(samplers->server);
	memory_free(samplers->slots);
	memory_free(samplers);
}

void samplers_cleanup(struct samplers **samplers)
{
	samplers_close(*samplers);
}

bool samplers_complete(const struct samplers *samplers)
{
	for (size_t i = 0; i < samplers->all; i++) {
		const struct slot *slot = &samplers->slots[i];
		if (slot->state == WAITING || (slot->state == TAKEN && slot->sampler->rates && slot->taken < 2))
			return false;
	}
	return true;
}

bool samplers_connected(const struct samplers *samplers)
{
	return samplers->server != NULL || samplers->count == 0;
}

const struct error *samplers_trouble(const struct samplers *samplers)
{
	return asker_trouble(samplers->asker);
}

static struct json *slot_json(const struct slot *slot)
{
	_cleanup_arena_ struct arena *arena = arena_open();
	struct json *object = json_new_object();

	json_set_text(object, "state", STATE_NAMES[slot->state]);
	json_set_text(object, "reason", safe_text(arena, slot->reason));
	sample_set_known(object, "age_ms", slot->taken ? clock_ms() - slot->taken_ms : -1);
	json_set_int(object, "interval_ms", slot->sampler->interval_ms);
	sample_set_known(object, "cost_us", slot->taken ? slot->cost_us : -1);
	json_set_int(object, "taken", slot->taken);
	json_set_int(object, "skipped", slot->skipped);
	json_set_int(object, "failed", slot->failed);
	json_set(object, "values", slot->values ? json_clone(slot->values) : json_new_text(NULL));
	return object;
}

/* What it takes the server and the way to it: from question to answer. */
struct json *samplers_cost(const struct samplers *samplers)
{
	struct json *cost = json_new_object();
	int64_t skipped = 0, round_us = 0, elapsed_ms = clock_ms() - samplers->started_ms;

	for (size_t i = 0; i < samplers->all; i++) {
		skipped += samplers->slots[i].skipped;
		round_us += samplers->slots[i].cost_us;
	}
	json_set_int(cost, "queries", (int64_t)samplers->asked);
	json_set_int(cost, "skipped", skipped);
	json_set_int(cost, "round_us", round_us);
	sample_set_share(cost, "busy_ms_per_s", samplers->busy_us, elapsed_ms, 1);
	return cost;
}

struct json *samplers_document(const struct samplers *samplers)
{
	struct json *document = json_new_object(), *list = json_new_object();

	for (size_t i = 0; i < samplers->all; i++)
		json_set(list, samplers->slots[i].sampler->name, slot_json(&samplers->slots[i]));
	json_set(document, "server", samplers->server ? json_clone(samplers->server) : json_new_text(NULL));
	json_set(document, "cost", samplers_cost(samplers));
	json_set(document, "samplers", list);
	return document;
}
