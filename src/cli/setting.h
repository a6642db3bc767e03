/*
 * The keys of the configuration: one table row each, which reads the value, gives the default and its sentence in
 * pgsluice.conf(5). Knows no file.
 */
#ifndef CLI_SETTING_H
#define CLI_SETTING_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"
#include "engine/settings.h"

enum setting_kind {
	SETTING_TEXT,
	SETTING_DURATION, /* "250ms", "2s", "10min", "4h", "1d" */
	SETTING_SIZE,     /* "64MiB", bytes without a unit */
	SETTING_NUMBER,
	SETTING_CHOICE,   /* one of the row's words */
	SETTING_WINDOW,   /* core/flow/window.h */
	SETTING_PATTERNS, /* words with blanks between */
	SETTING_COMMAND,  /* a program and its words; no shell */
};

struct setting_row {
	const char *key;
	enum setting_kind kind;
	const char *fallback;     /* the default as it would be written; NULL = none */
	const char *help;         /* one sentence for the manual */
	size_t offset;            /* of the member of struct settings */
	int64_t minimum, maximum; /* of durations, sizes and numbers; maximum 0 = none */
	const char *const *words; /* of a choice: NULL-ended */
	void (*choose)(struct settings *settings, size_t word);
};

/* The rows, in the manual's order. */
const struct setting_row *settings_rows(size_t *ret_count);

/* A check that a site cannot have is switched off with `not-checked.GATE.CHECK = REASON`. */
#define SETTING_NOT_CHECKED "not-checked."

/* An action of the console gets other keys with `key.ACTION = KEYS`. */
#define SETTING_KEY "key."

/* A check of the server's health gets other limits with `monitor.CHECK = WARNING CRITICAL`, or `off`. */
#define SETTING_MONITOR "monitor."

/* Every key at its default. Options are empty; conninfo is "". */
void settings_init(struct arena *arena, struct settings *ret_settings);

/* The row of a key, or NULL; the not-checked keys have none. */
const struct setting_row *setting_find(const char *key);

/* Sets one key from its text. FAIL_USAGE for an unknown key (with the nearest known one as hint) or a bad value. */
enum status setting_set(struct arena *arena, struct settings *settings, const char *key, const char *value,
                        struct error *err) MUST_CHECK;

/* What no row can see alone: values that contradict each other. FAIL_USAGE. */
enum status settings_check(const struct settings *settings, struct error *err) MUST_CHECK;

#endif
