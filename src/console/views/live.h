/* The parts of the view Live: its panels, and the figures that they are drawn from. Not for other views. */
#ifndef CONSOLE_VIEWS_LIVE_H
#define CONSOLE_VIEWS_LIVE_H

#include "console/model/model_live.h"
#include "console/terminal/paper.h"
#include "console/view.h"

/* What the panels show: the model's newest, or what was held of it. */
struct live_figures {
	const struct model_sample *samples;
	size_t count;
	const struct model_live *live; /* or NULL */
	int64_t now_ms;
};

/* A line that tells of a session, which the cursor can stand on. */
struct live_mark {
	size_t line;
	int64_t pid;
};

/* What a panel is written on. */
struct live_page {
	struct paper paper;
	struct arena *arena;
	const struct live_figures *figures;
	const struct canvas *signs; /* whose glyphs are used */
	int width, rows;            /* rows 0 = as many as there are */
	LIST(struct live_mark) marks;
};

struct live_panel {
	const char *title;
	const char *sampler; /* whose age is the panel's; NULL = it has no sampler, and is always written */
	enum model_series_id series; /* SERIES_COUNT = none: of five minutes, in its head where there is no room below */
	const char *missing; /* why there is no sample of it; NULL = none came yet */
	void (*write)(struct live_page *page, const struct json *values);
};

enum live_panel_id {
	PANEL_CONNECTIONS,
	PANEL_WORKLOAD,
	PANEL_TRANSACTIONS,
	PANEL_LATENCY,
	PANEL_LOCKS,
	PANEL_WAITS,
	PANEL_PROGRESS,
	PANEL_REPLICATION,
	PANEL_POOLS,
	PANEL_VACUUM,
	PANEL_SIZES,
	PANEL_INCIDENTS,
	PANEL_COST,
	PANEL_COUNT,
};

extern const struct live_panel LIVE_PANELS[PANEL_COUNT];

/* Lines of the panel on the page, or in the place of figures why there are none: "n/a (needs pg_monitor)". */
void live_write(struct live_page *page, enum live_panel_id panel);

/* The last queue that we were in, while it is of interest; else NULL. */
const struct json *live_last_queue(const struct live_figures *figures);

/* Newest sample of a sampler, or NULL. */
const struct model_sample *live_sample(const struct live_figures *figures, const char *sampler);

/* How old that is, "3 s ago" or "stale, 34 s ago"; "" when there is none. And whether it is too old to be believed. */
const char *live_age(struct arena *arena, const struct live_figures *figures, const char *sampler);
bool live_is_stale(const struct live_figures *figures, const char *sampler);

/* Whether anything of live was sampled at all. */
bool live_is_sampled(const struct live_figures *figures);

/* ---- live_layout.c ---- */

struct live_place {
	struct area area;
	bool shown;
	bool in_line; /* one row, its name in it */
};

enum live_form { LIVE_LOAD, LIVE_UPKEEP, LIVE_FORMS };

struct live_layout {
	struct live_place places[PANEL_COUNT];
	bool stacked;   /* one below the other, on a page that is scrolled */
	int form_count; /* of that size of a screen */
};

extern const enum live_panel_id LIVE_ORDER[PANEL_COUNT];

/* Depends on the figures too: what there is none of gets no room where room is short. */
struct live_layout live_layout_of(const struct area *area, enum live_form form, const struct live_figures *figures);

/* ---- live_session.c ---- */

/* What was last seen of a session: its values in the samples that list sessions. */
enum { SESSION_SOURCES = 2 };
struct live_session {
	int64_t pid;                            /* 0 = none */
	struct json *values[SESSION_SOURCES];   /* of locks, of transactions; NULL = it is in none; shared */
	int64_t seen_ms;                        /* when it was last in one of them; 0 = never */
	bool there;                             /* it is in the newest ones */
};

/* Takes what the figures say of it; what they no longer say stays as it was. */
void live_session_update(struct live_session *session, const struct live_figures *figures);
void live_session_forget(struct live_session *session);

/* Its values that tell it from any other, from the newest sample that it was in; NULL = it was in none. */
const struct json *live_session_addressee(const struct live_session *session);
void live_session_write(struct live_page *page, const struct live_session *session);

/* ---- for the panels ---- */

/* The line that is being written tells of this session. */
void live_mark(struct live_page *page, int64_t pid);

/* Values of another sampler than the panel's own; NULL when there are none. */
const struct json *live_values(const struct live_page *page, const char *sampler);

/* A number for people, "4,812" or "3.5"; "-" when it is not known. And as bytes. */
const char *live_number(struct live_page *page, const struct json *values, const char *key);
const char *live_bytes(struct live_page *page, const struct json *values, const char *key);
const char *live_duration(struct live_page *page, const struct json *values, const char *key);

/* A value of a series, for people. */
const char *live_series_text(struct arena *arena, enum model_series_id id, double value);

/* A bar of at most `width` columns for part of whole, filled up with empty cells if `framed`. */
const char *live_bar(struct live_page *page, int width, double part, double whole, bool framed);

/* "name  ..:|||  0..43" over the last five minutes, in a line of its own; nothing with fewer than two points. */
void live_spark(struct live_page *page, enum model_series_id series, const char *name);

/* The same without name and range, in few columns; NULL with fewer than two points. */
enum { LIVE_SHORT_SPARK = 12 };
const char *live_short_spark(struct live_page *page, enum model_series_id series);

/* Whether there is room for more than what counts first. */
bool live_is_tall(const struct live_page *page);

/* A name that may be missing: "-". */
const char *live_text(const struct json *values, const char *key);

/* A figure of the probe, "812 us"; "-" when it is not known, as in a second without an answer. */
const char *live_latency(struct live_page *page, const struct json *values, const char *key);

/* The longest of that second, the question that is still on its way among them; false when there was none. */
bool live_longest(const struct json *values, double *ret_us);

void live_write_locks(struct live_page *page, const struct json *values);
void live_write_latency(struct live_page *page, const struct json *values);
void live_write_pools(struct live_page *page, const struct json *values);
void live_write_vacuum(struct live_page *page, const struct json *values);
void live_write_sizes(struct live_page *page, const struct json *values);
void live_write_incidents(struct live_page *page, const struct json *values);
void live_write_cost(struct live_page *page, const struct json *values);

#endif
