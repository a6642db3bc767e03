#include "cli/pool_print.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/text.h"
#include "core/pool/bouncer_json.h"

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

static void print_bouncer(struct screen *screen, const struct pool_report *report)
{
	_cleanup_arena_ struct arena *arena = arena_open();

	screen_line(screen, screen->out, TONE_PLAIN, "", "PgBouncer %s, %s: looked at for %s", report->look.version,
	            report->look.place, text_duration(arena, (int64_t)(report->seconds * 1000)));
	for (size_t i = 0; i < report->loads.count; i++)
		print_load(screen, &report->loads.items[i]);
	if (!report->loads.count)
		screen_line(screen, screen->out, TONE_PLAIN, "", "No database has clients or servers.");
}

void pool_print_text(struct screen *screen, const struct pool_report *report)
{
	if (report->looked)
		print_bouncer(screen, report);
	if (report->on)
		pool_print_ramp(screen, report);
}

/* ---- JSON ---- */

void pool_print_json(const struct pool_report *report)
{
	_cleanup_json_ struct json *document = json_new_object();
	_cleanup_strbuf_ struct strbuf text = {0};

	json_set_int(document, "v", 1);
	if (report->looked)
		json_set(document, "bouncer", bouncer_json(&report->look, &report->loads, report->seconds));
	if (report->on)
		json_set(document, "ramp", pool_ramp_json(report));
	json_write_safe(&text, document);
	fwrite(strbuf_text(&text), 1, text.length, stdout);
	putchar('\n');
}
