#include "pg/samplers/pools.h"

#include "base/memory.h"
#include "core/pool/bouncer_json.h"
#include "pg/asker.h"
#include "pg/bouncer.h"
#include "sys/clock.h"

enum { TIMEOUT_MS = 1000 };

struct pools {
	struct pools_options options;
	struct asker *asker;
	bool wanted;                  /* a look, as soon as there is a connection */
	size_t asked;                 /* questions of the look that is under way */
	int64_t asked_us;             /* when its last one was asked */
	int64_t cost_us;
	struct arena *arena;          /* of the look that is under way; NULL = none is */
	struct bouncer_look look;
	struct arena *before_arena;   /* of the look before; NULL = there is none */
	struct bouncer_look before;
	unsigned connection;          /* the asker's, of the look before */
};

static void on_answer(void *context, const struct rows *rows, const struct error *err);

static void ask(struct pools *pools)
{
	pools->asked_us = clock_us();
	asker_ask(pools->asker, BOUNCER_QUESTIONS[pools->asked++].sql, TIMEOUT_MS, on_answer, pools);
}

static void begin(struct pools *pools)
{
	pools->wanted = false;
	pools->asked = 0;
	pools->cost_us = 0;
	pools->arena = arena_open();
	pools->look = (struct bouncer_look){
		.place = arena_strdup(pools->arena, asker_place(pools->asker)),
		.version = bouncer_version(pools->arena, asker_version_text(pools->asker)),
	};
	ask(pools);
}

static void forget_before(struct pools *pools)
{
	arena_close(pools->before_arena);
	pools->before_arena = NULL;
}

static void give_up(struct pools *pools, const struct error *err)
{
	arena_close(pools->arena);
	pools->arena = NULL;
	pools->wanted = false;
	pools->options.looked(pools->options.context, NULL, 0, err);
}

/* Another connection may be to another start of PgBouncer, whose counters begin anew. */
static void finish(struct pools *pools)
{
	_cleanup_arena_ struct arena *scratch = arena_open();
	struct bouncer_load_list loads = {0};

	pools->look.taken_us = clock_us();
	if (pools->connection != asker_connection(pools->asker))
		forget_before(pools);
	const struct bouncer_look *before = pools->before_arena ? &pools->before : NULL;
	double seconds = before ? (double)(pools->look.taken_us - before->taken_us) / 1e6 : 0;
	bouncer_judge(scratch, before, &pools->look, &loads);
	struct json *values = bouncer_json(&pools->look, &loads, seconds);
	forget_before(pools);
	pools->before = pools->look;
	pools->before_arena = pools->arena;
	pools->arena = NULL;
	pools->connection = asker_connection(pools->asker);
	pools->options.looked(pools->options.context, values, pools->cost_us, NULL);
}

static void on_answer(void *context, const struct rows *rows, const struct error *err)
{
	struct pools *pools = context;
	_cleanup_error_ struct error wrong = {0};

	pools->cost_us += clock_us() - pools->asked_us;
	if (!rows)
		give_up(pools, err);
	else if (bouncer_read(&BOUNCER_QUESTIONS[pools->asked - 1], pools->arena, rows, &pools->look, &wrong) != OK)
		give_up(pools, &wrong);
	else if (pools->asked < BOUNCER_QUESTION_COUNT)
		ask(pools);
	else
		finish(pools);
}

static void on_changed(void *context)
{
	struct pools *pools = context;
	const struct error *trouble = asker_trouble(pools->asker);

	if (trouble->status != OK)
		give_up(pools, trouble);
	else if (pools->wanted && asker_idle(pools->asker))
		begin(pools);
}

void pools_look(struct pools *pools)
{
	pools->wanted = true;
	if (asker_idle(pools->asker))
		begin(pools);
}

bool pools_busy(const struct pools *pools)
{
	return pools->wanted || pools->arena;
}

enum status pools_open(struct loop *loop, const struct pools_options *options, struct pools **ret_pools,
                       struct error *err)
{
	struct pools *pools = memory_new(sizeof(*pools));
	const struct asker_options asker = {
		.session = bouncer_session(options->conninfo, options->role_word, options->run_id),
		.begin_after_ms = options->begin_after_ms,
		.console = true,
		.changed = on_changed,
		.context = pools,
	};

	pools->options = *options;
	if (asker_open(loop, &asker, &pools->asker, err) != OK) {
		memory_free(pools);
		return err->status;
	}
	*ret_pools = pools;
	return OK;
}

void pools_close(struct pools *pools)
{
	if (!pools)
		return;
	asker_close(pools->asker);
	arena_close(pools->arena);
	forget_before(pools);
	memory_free(pools);
}

const struct sampler sampler_pools = {
	.name = "pools",
	.title = "Pools",
	.about = "PgBouncer's pools: busy servers, clients that wait, and for how long",
	.of_pooler = true,
	.interval_ms = 2000,
	.timeout_ms = TIMEOUT_MS,
	.rates = true,
};
