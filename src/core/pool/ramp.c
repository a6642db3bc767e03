#include "core/pool/ramp.h"

#include "base/text.h"

/* What steps of a few seconds do not tell apart: a power that is less by this share is as good. */
static const double NEARLY = 0.95;

enum { STEPS_BEYOND = 2 };

static bool is_clean(const struct ramp_step *step)
{
	return step->done > 0 && step->failed == 0 && step->lost == 0;
}

/*
 * Kleinrock's power: throughput by mean response time. Before its greatest value more sessions do more work, behind it
 * they rather wait. Sessions that ask without a pause have a response time of sessions / throughput (Little's law).
 */
static double power_of(const struct ramp_step *step)
{
	return is_clean(step) ? step->throughput * step->throughput / (double)step->sessions : 0;
}

/* The fewest sessions with nearly the greatest power; SIZE_MAX when no step was without errors. */
static size_t knee_of(const struct ramp_step_list *steps)
{
	double best = 0;

	for (size_t i = 0; i < steps->count; i++)
		best = power_of(&steps->items[i]) > best ? power_of(&steps->items[i]) : best;
	for (size_t i = 0; best > 0 && i < steps->count; i++)
		if (power_of(&steps->items[i]) >= best * NEARLY)
			return i;
	return SIZE_MAX;
}

/* Steps behind the knee that have less power. */
static size_t beyond(const struct ramp_step_list *steps, size_t knee)
{
	size_t count = 0;

	for (size_t i = knee + 1; i < steps->count; i++)
		count += power_of(&steps->items[i]) < power_of(&steps->items[knee]) * NEARLY;
	return count;
}

/* 1, 2, 3, 4, 6, 8, 12, 16: powers of two, and the number half way to the next. */
static size_t following(size_t sessions)
{
	bool power = (sessions & (sessions - 1)) == 0;

	if (sessions < 4)
		return sessions + 1;
	return power ? sessions / 2 * 3 : sessions / 3 * 4;
}

size_t ramp_next(const struct ramp_step_list *steps, size_t most)
{
	if (!steps->count)
		return 1;
	const struct ramp_step *last = &steps->items[steps->count - 1];
	size_t knee = knee_of(steps), next = following(last->sessions);
	if (!is_clean(last) || last->sessions >= most || (knee != SIZE_MAX && beyond(steps, knee) >= STEPS_BEYOND))
		return 0;
	return next < most ? next : most;
}

struct ramp_knee ramp_find(struct arena *arena, const struct ramp_step_list *steps)
{
	struct ramp_knee knee = {.step = knee_of(steps)};

	if (knee.step == SIZE_MAX) {
		knee.text = "no step was without errors";
		return knee;
	}
	const struct ramp_step *at = &steps->items[knee.step], *last = &steps->items[steps->count - 1];
	knee.known = true;
	knee.found = beyond(steps, knee.step) > 0;
	if (knee.found)
		knee.text = arena_printf(arena, "the knee is at %zu session(s): %.0f queries a second with a p95 of %s; with "
		                         "%zu it is %.0f and %s", at->sessions, at->throughput,
		                         text_latency(arena, at->p95_us), last->sessions, last->throughput,
		                         text_latency(arena, last->p95_us));
	else
		knee.text = arena_printf(arena, "there is no knee up to %zu session(s): %.0f queries a second with a p95 of %s "
		                         "at %zu, and more sessions were not seen to be worse", last->sessions,
		                         at->throughput, text_latency(arena, at->p95_us), at->sessions);
	return knee;
}
