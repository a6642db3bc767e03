#include "engine/watch/samples.h"

#include <string.h>

#include "base/memory.h"
#include "pg/samplers/samplers.h"
#include "sys/clock.h"

/* What has not changed is told again after a while, so that a reader knows that it still is so. */
enum { BEGIN_AFTER_MS = 1000, SAME_AGAIN_MS = 10000, COST_EVERY_MS = 5000, MOST_SAMPLERS = 32 };

struct told {
	const struct sampler *sampler;
	struct strbuf values; /* as JSON */
	int64_t at_ms;
};

struct samples {
	struct run *run;
	struct samplers *samplers;
	struct told told[MOST_SAMPLERS];
	size_t count;
	int64_t cost_ms; /* when it was told what looking costs */
};

static struct told *told_of(struct samples *samples, const struct sampler *sampler)
{
	for (size_t i = 0; i < samples->count; i++)
		if (samples->told[i].sampler == sampler)
			return &samples->told[i];
	if (samples->count == MOST_SAMPLERS)
		return NULL;
	struct told *told = &samples->told[samples->count++];
	told->sampler = sampler;
	return told;
}

static void tell_cost(struct samples *samples, int64_t now_ms)
{
	int64_t due_ms = samples->cost_ms + COST_EVERY_MS;
	bool first = samples->cost_ms == 0;

	if (!first && now_ms < due_ms)
		return;
	samples->cost_ms = now_ms;
	if (!first)
		emit_sample(samples->run->emitter, "cost", samplers_cost(samples->samplers));
}

static void on_taken(void *context, const struct sampler *sampler, const struct json *values)
{
	struct samples *samples = context;
	struct told *told = told_of(samples, sampler);
	_cleanup_strbuf_ struct strbuf text = {0};
	int64_t now_ms = clock_ms();

	tell_cost(samples, now_ms);
	json_write(&text, values);
	if (!told || (told->at_ms && now_ms - told->at_ms < SAME_AGAIN_MS &&
	              strcmp(strbuf_text(&text), strbuf_text(&told->values)) == 0))
		return;
	strbuf_reset(&told->values);
	strbuf_puts(&told->values, strbuf_text(&text));
	told->at_ms = now_ms;
	emit_sample(samples->run->emitter, sampler->name, json_clone(values));
}

/* A reader is told why there are no figures: none is not 0. */
static void on_unseen(void *context, const struct sampler *sampler, const char *reason)
{
	_cleanup_json_ struct json *values = json_new_object();

	json_set_text(values, "unavailable", reason);
	on_taken(context, sampler, values);
}

struct samples *samples_open(struct run *run)
{
	struct samples *samples = memory_new(sizeof(*samples));
	struct samplers_options options = {
		.conninfo = run->settings->conninfo,
		.role_word = "samples",
		.run_id = run->id.text,
		.bouncer = run->settings->bouncer,
		.begin_after_ms = BEGIN_AFTER_MS,
		.taken = on_taken,
		.unseen = on_unseen,
		.context = samples,
	};
	_cleanup_error_ struct error err = {0};

	samples->run = run;
	if (samplers_open(run->loop, &options, &samples->samplers, &err) == OK)
		return samples;
	emit_log(run->emitter, LOG_NOTICE, "live is not sampled: %s", err.message);
	memory_free(samples);
	return NULL;
}

void samples_close(struct samples *samples)
{
	if (!samples)
		return;
	samplers_close(samples->samplers);
	for (size_t i = 0; i < samples->count; i++)
		strbuf_clear(&samples->told[i].values);
	memory_free(samples);
}
