#include "cli/pool_print.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/json.h"
#include "base/text.h"

static const enum tone TONES[] = {[BOUNCER_GOOD] = TONE_GOOD, [BOUNCER_TIGHT] = TONE_CAUTION, [BOUNCER_BAD] = TONE_BAD};

/* ---- text ---- */

static const char *latency(struct arena *arena, double value_us)
{
	return value_us < 0 ? "-" : text_latency(arena, (int64_t)value_us);
}

static void print_load(struct screen *screen, const struct bouncer_load *load)
{
	_cleanup_arena_ struct arena *arena = arena_open();
	const char *mode = load->mode ? load->mode : "unknown";

	screen_line(screen, screen->out, TONE_HEADING, safe_text(arena, load->database),
	            ": %s pooling, %zu pool(s), %" PRId64 " clients, %" PRId64 " of %" PRId64 " servers open", mode,
	            load->pools, load->clients, load->servers, load->capacity);
	if (load->counted)
		screen_line(screen, screen->out, TONE_PLAIN, "", "  %.1f transactions a second of %s on average; %.2f "
		            "servers busy; mean wait for one %s", load->transactions,
		            latency(arena, load->transaction_us), load->busy, latency(arena, load->wait_us));
	screen_line(screen, screen->out, TONES[load->level], bouncer_level_name(load->level), ": %s", load->verdict);
	if (load->advice)
		screen_line(screen, screen->out, TONE_PLAIN, "", "  %s", load->advice);
}

void pool_print_text(struct screen *screen, const struct pool_report *report)
{
	_cleanup_arena_ struct arena *arena = arena_open();

	screen_line(screen, screen->out, TONE_PLAIN, "", "PgBouncer %s, %s: looked at for %s", report->look.version,
	            report->look.place, text_duration(arena, (int64_t)(report->seconds * 1000)));
	for (size_t i = 0; i < report->loads.count; i++)
		print_load(screen, &report->loads.items[i]);
	if (!report->loads.count)
		screen_line(screen, screen->out, TONE_PLAIN, "", "No database has clients or servers.");
}

/* ---- JSON ---- */

static void set_real(struct json *object, const char *key, bool known, double value)
{
	_cleanup_strbuf_ struct strbuf digits = {0};

	strbuf_printf(&digits, "%.3f", value);
	json_set(object, key, known ? json_new_real(strbuf_text(&digits)) : json_new_text(NULL));
}

static void set_known(struct json *object, const char *key, int64_t value)
{
	json_set(object, key, value < 0 ? json_new_text(NULL) : json_new_int(value));
}

static struct json *load_json(const struct bouncer_load *load)
{
	struct json *object = json_new_object();

	json_set_text(object, "database", load->database);
	json_set_text(object, "mode", load->mode);
	json_set_int(object, "pools", (int64_t)load->pools);
	json_set_int(object, "capacity", load->capacity);
	json_set_int(object, "reserve", load->reserve);
	json_set_int(object, "clients", load->clients);
	json_set_int(object, "waiting", load->waiting);
	set_real(object, "longest_wait_ms", true, (double)load->longest_us / 1000);
	json_set_int(object, "servers", load->servers);
	json_set_int(object, "servers_taken", load->active);
	set_real(object, "busy", load->counted, load->busy);
	set_real(object, "utilisation", load->counted, load->utilisation);
	set_real(object, "transactions_per_s", load->counted, load->transactions);
	set_real(object, "transaction_ms", load->transaction_us >= 0, load->transaction_us / 1000);
	set_real(object, "wait_ms", load->wait_us >= 0, load->wait_us / 1000);
	json_set_text(object, "state", bouncer_level_name(load->level));
	json_set_text(object, "verdict", load->verdict);
	json_set_text(object, "advice", load->advice);
	return object;
}

static struct json *settings_json(const struct bouncer_settings *settings)
{
	struct json *object = json_new_object();

	json_set_text(object, "pool_mode", settings->pool_mode);
	set_known(object, "default_pool_size", settings->default_pool_size);
	set_known(object, "reserve_pool_size", settings->reserve_pool_size);
	set_known(object, "max_client_conn", settings->max_client_conn);
	set_known(object, "query_wait_timeout_s", settings->query_wait_timeout_s);
	return object;
}

void pool_print_json(const struct pool_report *report)
{
	_cleanup_json_ struct json *document = json_new_object();
	_cleanup_strbuf_ struct strbuf text = {0};
	struct json *loads = json_new_array(), *bouncer = json_new_object();

	json_set_int(document, "v", 1);
	json_set_text(bouncer, "place", report->look.place);
	json_set_text(bouncer, "version", report->look.version);
	set_real(bouncer, "seconds", true, report->seconds);
	json_set(bouncer, "settings", settings_json(&report->look.settings));
	for (size_t i = 0; i < report->loads.count; i++)
		json_push(loads, load_json(&report->loads.items[i]));
	json_set(bouncer, "databases", loads);
	json_set(document, "bouncer", bouncer);
	json_write_safe(&text, document);
	fwrite(strbuf_text(&text), 1, text.length, stdout);
	putchar('\n');
}
