#include "engine/watch/latency_probe.h"

#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "core/sql/explainable.h"
#include "pg/pool.h"
#include "sys/clock.h"

enum { INTERVAL_MS = 20, CALM_MS = 2000, SAMPLE_MS = 1000, CONNECT_MS = 10000 };

/* The newest answers, for those who watch: RECENT_MS are what is asked in that time. */
enum { RECENT_MS = 2000, RECENT_ROOM = RECENT_MS / INTERVAL_MS, RECENT_LEAST = 10 };

static const char *const PHASES[PROBE_PHASES] = {
	[PROBE_BEFORE] = "before", [PROBE_DURING] = "during", [PROBE_AFTER] = "after"};

struct measured {
	struct histogram latency;
	int64_t failed; /* answered with an error, or due while there was no session */
};

struct recent_answer {
	int64_t at_us, latency_us; /* -1 = it failed */
};

struct latency_probe {
	struct run *run;
	struct pool *pool;
	struct pool_statement statement;
	enum probe_phase phase;
	struct measured phases[PROBE_PHASES];
	struct measured newest;     /* since the last sample */
	struct recent_answer recent[RECENT_ROOM]; /* a ring */
	size_t recent_next;
	struct loop_timer asks, samples;
	int64_t next_ms;            /* when the next question is due */
	bool ready, asking;
	int64_t asked_us;           /* when the one on its way was due */
	enum probe_phase asked_in;
	struct error refusal;       /* why there was no session, the first time */
	const char *problem;        /* the first error of an answer, or NULL */
	struct error trouble;       /* the newest, or why there is no session */
};

enum status latency_probe_check(struct arena *arena, const char *text, const char **ret_sql, struct error *err)
{
	struct explainable query;

	if (explainable_read(arena, NULL, text, strlen(text), 0, &query, err) != OK)
		return error_recast(err, FAIL_USAGE);
	if (query.reads && !query.opaque && !query.configures && query.parameters == 0) {
		*ret_sql = query.sql;
		return OK;
	}
	error_set(err, FAIL_USAGE, "this %s is not known to read only", query.tag);
	return error_hint(err, "Give one SELECT without parameters that calls none but PostgreSQL's own functions.");
}

/* ---- asking ---- */

static void note_recent(struct latency_probe *probe, int64_t at_us, int64_t latency_us)
{
	probe->recent[probe->recent_next++ % RECENT_ROOM] =
		(struct recent_answer){.at_us = at_us, .latency_us = latency_us};
}

/* The one on its way took so long; those that were due meanwhile would have waited for the rest of it. */
static void note_answer(struct latency_probe *probe, int64_t at_us)
{
	int64_t latency_us = at_us - probe->asked_us;
	histogram_record_corrected(&probe->phases[probe->asked_in].latency, latency_us, INTERVAL_MS * 1000);
	histogram_record_corrected(&probe->newest.latency, latency_us, INTERVAL_MS * 1000);
	note_recent(probe, at_us, latency_us);
}

static void note_failure(struct latency_probe *probe, enum probe_phase phase)
{
	probe->phases[phase].failed++;
	probe->newest.failed++;
	note_recent(probe, clock_us(), -1);
}

static void told(void *context, enum pool_news news, size_t lane, size_t statement, int64_t at_us,
                 const struct error *err)
{
	struct latency_probe *probe = context;
	bool was_asking = probe->asking;

	(void)lane, (void)statement;
	if (news == POOL_READY)
		probe->ready = true;
	if (news == POOL_LOST || news == POOL_REFUSED)
		probe->ready = false;
	if (news == POOL_REFUSED && probe->refusal.status == OK) {
		error_set(&probe->refusal, err->status, "%s", err->message);
		if (err->hint)
			error_hint(&probe->refusal, "%s", err->hint);
	}
	if (news != POOL_READY)
		probe->asking = false;
	if (news == POOL_REFUSED || news == POOL_FAILED || news == POOL_LOST)
		error_set(&probe->trouble, err->status, "%s", err->message);
	if (news == POOL_ENDED)
		note_answer(probe, at_us);
	if (was_asking && (news == POOL_FAILED || news == POOL_LOST)) {
		note_failure(probe, probe->asked_in);
		if (!probe->problem)
			probe->problem = arena_strdup(probe->run->arena, err->message);
	}
}

static void ask(struct loop_timer *timer)
{
	struct latency_probe *probe = timer->context;
	int64_t due_ms = probe->next_ms, now_ms = clock_ms();

	/* What was due while the program itself was at work is due now, once. */
	probe->next_ms += INTERVAL_MS * ((now_ms - due_ms) / INTERVAL_MS + 1);
	timer->due_ms = probe->next_ms;
	if (probe->asking)
		return;
	if (!probe->ready) {
		note_failure(probe, probe->phase);
		return;
	}
	probe->asking = true;
	probe->asked_in = probe->phase;
	/* A loop that came late to this timer was busy with our own work: that is no latency of the server's. */
	probe->asked_us = clock_us();
	pool_send(probe->pool, 0, 0);
}

static void set_figures(struct json *values, const struct measured *measured)
{
	json_set_int(values, "count", measured->latency.count);
	json_set_int(values, "failed", measured->failed);
	histogram_set_percentiles(&measured->latency, values);
}

/* [[256,41],[512,9]]: so many took from so many us to below twice that. */
static struct json *rows_json(const struct histogram *latency)
{
	struct histogram_row rows[HISTOGRAM_ROWS];
	size_t count = histogram_rows(latency, rows);
	struct json *list = json_new_array();

	for (size_t i = 0; i < count; i++) {
		if (rows[i].count == 0)
			continue;
		struct json *row = json_new_array();
		json_push(row, json_new_int(rows[i].low_us));
		json_push(row, json_new_int(rows[i].count));
		json_push(list, row);
	}
	return list;
}

static void set_baseline(struct json *values, const struct measured *before)
{
	struct json *figures = json_new_object();

	set_figures(figures, before);
	json_set(values, "before", figures);
}

static void sample(struct loop_timer *timer)
{
	struct latency_probe *probe = timer->context;
	struct json *values = json_new_object();

	json_set_text(values, "phase", PHASES[probe->phase]);
	set_figures(values, &probe->newest);
	json_set(values, "rows", rows_json(&probe->newest.latency));
	if (probe->phase != PROBE_BEFORE)
		set_baseline(values, &probe->phases[PROBE_BEFORE]);
	if (probe->asking)
		json_set_int(values, "waiting_us", clock_us() - probe->asked_us);
	emit_sample(probe->run->emitter, "latency", values);
	probe->newest = (struct measured){0};
	timer->due_ms = clock_ms() + SAMPLE_MS;
}

/* ---- its life ---- */

static bool has_answered(void *context)
{
	const struct latency_probe *probe = context;
	return probe->ready || probe->refusal.status != OK;
}

static enum status connect_probe(struct latency_probe *probe, struct error *err)
{
	if (loop_until(probe->run->loop, has_answered, probe, clock_ms() + CONNECT_MS) == LOOP_STOPPED)
		return loop_stop_error(probe->run->loop, err);
	if (probe->ready)
		return OK;
	if (probe->refusal.status == OK)
		return error_set(err, FAIL_UNREACHABLE, "--probe: nobody answers there");
	error_move(err, &probe->refusal);
	return error_wrap(err, "--probe");
}

static void arm(struct latency_probe *probe)
{
	int64_t now_ms = clock_ms();

	probe->next_ms = now_ms;
	probe->asks = (struct loop_timer){.due_ms = now_ms, .due = ask, .context = probe};
	probe->samples = (struct loop_timer){.due_ms = now_ms + SAMPLE_MS, .due = sample, .context = probe};
	loop_add_timer(probe->run->loop, &probe->asks);
	loop_add_timer(probe->run->loop, &probe->samples);
}

enum status latency_probe_open(struct run *run, struct latency_probe **ret_probe, struct error *err)
{
	const struct settings *settings = run->settings;
	struct latency_probe *probe = arena_alloc(run->arena, sizeof(*probe));
	const char *text = settings->probe_query ? settings->probe_query : PROBE_QUERY;

	probe->run = run;
	if (latency_probe_check(run->arena, text, &probe->statement.sql, err) != OK)
		return err->status;
	const struct pool_options options = {
		.session = {.conninfo = settings->probe,
		            .role_word = "probe",
		            .run_id = run->id.text,
		            .plain = true,
		            /* Nothing of ours makes it read-only: start-up options do not reach through a pooler. */
		            .access = SESSION_READ_WRITE},
		.lanes = 1,
		.timeout_ms = CONNECT_MS,
		.as_applications = true,
		.statements = &probe->statement,
		.count = 1,
		.told = told,
		.context = probe,
	};
	probe->pool = pool_open(run->loop, &options);
	pool_attach(probe->pool);
	if (connect_probe(probe, err) == OK) {
		arm(probe);
		if (loop_sleep(run->loop, CALM_MS) != LOOP_STOPPED) {
			*ret_probe = probe;
			return OK;
		}
		loop_stop_error(run->loop, err);
	}
	latency_probe_close(probe);
	return err->status;
}

void latency_probe_enter(struct latency_probe *probe, enum probe_phase phase)
{
	probe->phase = phase;
}

void latency_probe_calm(struct latency_probe *probe)
{
	latency_probe_enter(probe, PROBE_AFTER);
	(void)!loop_sleep(probe->run->loop, CALM_MS);
}

const char *latency_probe_recent(const struct latency_probe *probe, int64_t *ret_p99_us, int64_t *ret_before_us)
{
	const struct histogram *before = &probe->phases[PROBE_BEFORE].latency;
	int64_t now_us = clock_us();
	struct histogram latency = {0};
	bool fails = false;

	for (size_t i = 0; i < RECENT_ROOM; i++) {
		const struct recent_answer *answer = &probe->recent[i];
		if (answer->at_us <= now_us - RECENT_MS * 1000)
			continue;
		fails = fails || answer->latency_us < 0;
		if (answer->latency_us >= 0)
			histogram_record_corrected(&latency, answer->latency_us, INTERVAL_MS * 1000);
	}
	if (probe->asking)
		histogram_record_corrected(&latency, now_us - probe->asked_us, INTERVAL_MS * 1000);
	*ret_p99_us = latency.count >= RECENT_LEAST && before->count ? histogram_percentile(&latency, 0.99) : -1;
	*ret_before_us = histogram_percentile(before, 0.99);
	if (before->count == 0)
		return "the probe had no answer before the apply";
	if (latency.count >= RECENT_LEAST || !fails)
		return NULL;
	return probe->trouble.status == OK ? "the probe has no session" : probe->trouble.message;
}

const char *latency_probe_text(struct latency_probe *probe)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	struct arena *arena = probe->run->arena;
	int64_t count = 0, failed = 0;

	strbuf_puts(&text, "p99");
	for (enum probe_phase phase = 0; phase < PROBE_PHASES; phase++) {
		const struct measured *measured = &probe->phases[phase];
		count += measured->latency.count;
		failed += measured->failed;
		if (measured->latency.count)
			strbuf_printf(&text, "%s %s %s", phase ? "," : "",
			              text_latency(arena, histogram_percentile(&measured->latency, 0.99)), PHASES[phase]);
		else
			strbuf_printf(&text, "%s unknown %s", phase ? "," : "", PHASES[phase]);
	}
	strbuf_printf(&text, "; longest %s during; %" PRId64 " asked, %" PRId64 " failed",
	              text_latency(arena, probe->phases[PROBE_DURING].latency.most_us), count + failed, failed);
	if (probe->problem)
		strbuf_printf(&text, ", the first: %s", probe->problem);
	return arena_strdup(arena, strbuf_text(&text));
}

struct json *latency_probe_json(const struct latency_probe *probe)
{
	struct json *value = json_new_object();

	for (enum probe_phase phase = 0; phase < PROBE_PHASES; phase++) {
		struct json *part = json_new_object();
		set_figures(part, &probe->phases[phase]);
		json_set(part, "histogram", histogram_json(&probe->phases[phase].latency));
		json_set(value, PHASES[phase], part);
	}
	return value;
}

void latency_probe_close(struct latency_probe *probe)
{
	if (!probe)
		return;
	if (probe->asks.due) {
		loop_remove_timer(probe->run->loop, &probe->asks);
		loop_remove_timer(probe->run->loop, &probe->samples);
	}
	pool_close(probe->pool);
	error_clear(&probe->refusal);
	error_clear(&probe->trouble);
}
