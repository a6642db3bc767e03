#include "cli/pool_print.h"

#include "base/json.h"
#include "base/text.h"

static void print_step(struct screen *screen, const struct ramp_step *step, bool is_knee)
{
	_cleanup_arena_ struct arena *arena = arena_open();
	bool wrong = step->failed || step->lost;

	screen_line(screen, screen->out, wrong ? TONE_BAD : is_knee ? TONE_GOOD : TONE_PLAIN, "",
	            "%8zu %10.1f %9s %9s %9s%s%s", step->sessions, step->throughput, text_latency(arena, step->p50_us),
	            text_latency(arena, step->p95_us), text_latency(arena, step->p99_us),
	            is_knee ? "  knee" : "",
	            wrong ? arena_printf(arena, "  %lld failed, %lld session(s) lost", (long long)step->failed,
	                                 (long long)step->lost)
	            : step->over ? arena_printf(arena, "  %zu over budget", step->over)
	                         : "");
}

void pool_print_ramp(struct screen *screen, const struct pool_report *report)
{
	const struct ramp_knee *knee = &report->knee;

	screen_line(screen, screen->out, TONE_PLAIN, "", "Ramp on %s: %s", report->on, report->place);
	screen_line(screen, screen->out, TONE_HEADING, "sessions   a second       p50       p95       p99", "%s", "");
	for (size_t i = 0; i < report->steps.count; i++)
		print_step(screen, &report->steps.items[i], knee->found && i == knee->step);
	if (report->ended)
		screen_line(screen, screen->out, TONE_CAUTION, "ended", ": %s", report->ended);
	screen_line(screen, screen->out, knee->found ? TONE_GOOD : TONE_CAUTION, "result", ": %s", knee->text);
	for (size_t i = 0; i < report->settings.count; i++) {
		const struct ramp_setting *setting = &report->settings.items[i];
		screen_line(screen, screen->out, TONE_HEADING, setting->name, " = %s", setting->value);
		screen_line(screen, screen->out, TONE_PLAIN, "", "  %s", setting->why);
	}
	for (size_t i = 0; i < report->hints.count; i++)
		screen_line(screen, screen->out, TONE_PLAIN, "", "%s", report->hints.items[i]);
}

/* ---- JSON ---- */

static struct json *step_json(const struct ramp_step *step)
{
	_cleanup_strbuf_ struct strbuf throughput = {0};
	struct json *object = json_new_object();

	strbuf_printf(&throughput, "%.3f", step->throughput);
	json_set_int(object, "sessions", (int64_t)step->sessions);
	json_set_int(object, "done", step->done);
	json_set_int(object, "failed", step->failed);
	json_set_int(object, "lost", step->lost);
	json_set(object, "throughput", json_new_real(strbuf_text(&throughput)));
	json_set_int(object, "p50_us", step->p50_us);
	json_set_int(object, "p95_us", step->p95_us);
	json_set_int(object, "p99_us", step->p99_us);
	json_set_int(object, "over_budget", (int64_t)step->over);
	return object;
}

static struct json *settings_json(const struct ramp_setting_list *list)
{
	struct json *settings = json_new_array();

	for (size_t i = 0; i < list->count; i++) {
		struct json *object = json_new_object();
		json_set_text(object, "name", list->items[i].name);
		json_set_text(object, "value", list->items[i].value);
		json_set_text(object, "why", list->items[i].why);
		json_push(settings, object);
	}
	return settings;
}

struct json *pool_ramp_json(const struct pool_report *report)
{
	const struct ramp_knee *knee = &report->knee;
	struct json *object = json_new_object(), *steps = json_new_array(), *hints = json_new_array();

	for (size_t i = 0; i < report->steps.count; i++)
		json_push(steps, step_json(&report->steps.items[i]));
	for (size_t i = 0; i < report->hints.count; i++)
		json_push_text(hints, report->hints.items[i]);
	json_set_text(object, "on", report->on);
	json_set_text(object, "place", report->place);
	json_set(object, "steps", steps);
	json_set_text(object, "ended", report->ended);
	json_set_bool(object, "found", knee->found);
	json_set(object, "sessions", knee->known ? json_new_int((int64_t)report->steps.items[knee->step].sessions)
	                                         : json_new_text(NULL));
	json_set_text(object, "text", knee->text);
	json_set(object, "settings", settings_json(&report->settings));
	json_set(object, "hints", hints);
	return object;
}
