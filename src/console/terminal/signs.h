/* How states look: each a glyph, a word and a style, so that none needs colour. */
#ifndef CONSOLE_SIGNS_H
#define CONSOLE_SIGNS_H

#include "base/arena.h"
#include "console/model/model.h"
#include "console/terminal/canvas.h"

struct sign {
	enum glyph glyph;
	enum style style;
	const char *word;
};

struct sign sign_of_gate(enum gate_state state);
struct sign sign_of_migration(const char *state);
struct sign sign_of_work(enum work_state state);

/* A check: "ok", "warning", "waived" or "FAILED". */
struct sign sign_of_check(const struct model_check *check);

/* Draws glyph and word; returns the column after them. */
int sign_put(const struct area *area, int row, int column, struct sign sign);

/* Why there is no plan to show: none was read yet, or what kept it from being read, and what to do about that. */
void absence_put(const struct area *area, int row, const struct model *model);

/* "12 s ago", "3 h ago"; "" for a time that is not known. Rounded, unlike text_duration: it is read at a glance. */
const char *age_text(struct arena *arena, int64_t then_ms, int64_t now_ms);

/* "for 21 h", "expired"; "" when it does not expire. */
const char *validity_text(struct arena *arena, int64_t until_ms, int64_t now_ms);

/* "12 ms", "4 min"; "" for -1. */
const char *short_duration(struct arena *arena, int64_t duration_ms);

/* "00:03:01", for what is running. */
const char *clock_text(struct arena *arena, int64_t duration_ms);

#endif
