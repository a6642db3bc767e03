/* The parts of the view Live: its panels, and the figures that they are drawn from. Not for other views. */
#ifndef CONSOLE_VIEWS_LIVE_H
#define CONSOLE_VIEWS_LIVE_H

#include "console/model_live.h"
#include "console/paper.h"
#include "console/view.h"

/* What the panels show: the model's newest, or what was held of it. */
struct live_figures {
	const struct model_sample *samples;
	size_t count;
	const struct model_live *live; /* or NULL */
	int64_t now_ms;
};

/* What a panel is written on. */
struct live_page {
	struct paper paper;
	struct arena *arena;
	const struct live_figures *figures;
	const struct canvas *signs; /* whose glyphs are used */
	int width, rows;            /* rows 0 = as many as there are */
};

struct live_panel {
	const char *title;
	const char *sampler; /* whose age is the panel's */
	void (*write)(struct live_page *page, const struct json *values);
};

enum live_panel_id {
	PANEL_CONNECTIONS,
	PANEL_WORKLOAD,
	PANEL_TRANSACTIONS,
	PANEL_LATENCY,
	PANEL_LOCKS,
	PANEL_WAITS,
	PANEL_REPLICATION,
	PANEL_PROGRESS,
	PANEL_COUNT,
};

extern const struct live_panel LIVE_PANELS[PANEL_COUNT];

/* Lines of the panel on the page, or in the place of figures why there are none: "n/a (needs pg_monitor)". */
void live_write(struct live_page *page, enum live_panel_id panel);

/* Newest sample of a sampler, or NULL. */
const struct model_sample *live_sample(const struct live_figures *figures, const char *sampler);

/* Whether anything of live was sampled at all. */
bool live_is_sampled(const struct live_figures *figures);

/* ---- for the panels ---- */

/* Values of another sampler than the panel's own; NULL when there are none. */
const struct json *live_values(const struct live_page *page, const char *sampler);

/* A number for people, "4,812" or "3.5"; "-" when it is not known. And as bytes. */
const char *live_number(struct live_page *page, const struct json *values, const char *key);
const char *live_bytes(struct live_page *page, const struct json *values, const char *key);
const char *live_duration(struct live_page *page, const struct json *values, const char *key);

/* A bar of at most `width` columns for part of whole, filled up with empty cells if `framed`. */
const char *live_bar(struct live_page *page, int width, double part, double whole, bool framed);

/* "name  ..:|||  0..43" over the last five minutes, in a line of its own; nothing with fewer than two points. */
void live_spark(struct live_page *page, enum model_series_id series, const char *name);

/* A name that may be missing: "-". */
const char *live_text(const struct json *values, const char *key);

void live_write_locks(struct live_page *page, const struct json *values);
void live_write_latency(struct live_page *page, const struct json *values);

#endif
