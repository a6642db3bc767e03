#include "core/explain/compare/surroundings.h"

#include <stdbool.h>
#include <string.h>

#include "base/json.h"
#include "core/explain/figure.h"

/* Statistics wander with every ANALYZE; what is below these explains no other plan. */
static const double STATISTICS_SHARE = 0.10;
static const double ESTIMATE_FACTOR = 2;

enum { DIGEST_SHOWN = 12 };

struct comparison {
	struct arena *arena;
	struct text_list *sentences;
	const struct json *other; /* the document of the other side */
};

static void say(struct comparison *comparison, const char *format, ...) PRINTF_LIKE(2, 3);

static void say(struct comparison *comparison, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	const char *sentence = arena_vprintf(comparison->arena, format, args);
	va_end(args);
	list_push(comparison->arena, comparison->sentences, sentence);
}

/* A document that does not parse is not known. */
static struct json *parse(const char *text)
{
	struct json *value = NULL;
	_cleanup_error_ struct error err = {0};
	if (text && json_parse(text, strlen(text), &value, &err) != OK)
		return NULL;
	return value;
}

/* ---- figures ---- */

static bool differs_by(double before, double after, double factor)
{
	double low = before < after ? before : after, high = before < after ? after : before;
	return high > 0 && high >= (low > 0 ? low : 1) * factor && high != low;
}

/* ---- indexes and statistics ---- */

static const struct json *find_relation(const struct json *relations, const char *name)
{
	for (size_t i = 0; i < json_count(relations); i++) {
		const char *other = json_get_text(json_at(relations, i), "name");
		if (other && strcmp(other, name) == 0)
			return json_at(relations, i);
	}
	return NULL;
}

static bool has_text(const struct json *array, const char *text)
{
	for (size_t i = 0; i < json_count(array); i++) {
		const char *other = json_text(json_at(array, i));
		if (other && strcmp(other, text) == 0)
			return true;
	}
	return false;
}

static void say_missing(struct comparison *comparison, const char *what, const struct json *from,
                        const struct json *in)
{
	const struct json *indexes = json_get(from, "indexes"), *others = json_get(in, "indexes");
	for (size_t i = 0; i < json_count(indexes); i++) {
		const char *definition = json_text(json_at(indexes, i));
		if (definition && others && !has_text(others, definition))
			say(comparison, "index %s: %s", what, definition);
	}
}

/* Of the relations that both plans read; another plan may read others. */
static void compare_indexes(struct comparison *comparison, const struct json *before, const struct json *after)
{
	for (size_t i = 0; i < json_count(before); i++) {
		const struct json *relation = json_at(before, i);
		const char *name = json_get_text(relation, "name");
		const struct json *now = name ? find_relation(after, name) : NULL;
		if (!now)
			continue;
		say_missing(comparison, "gone", relation, now);
		say_missing(comparison, "new", now, relation);
	}
}

static void compare_statistic(struct comparison *comparison, const char *name, const char *unit, int64_t before,
                              int64_t after)
{
	if (before < 0 || after < 0 || !differs_by((double)before, (double)after, 1 + STATISTICS_SHARE))
		return;
	say(comparison, "statistics of %s: %s %s before, %s now", name, figure_count(comparison->arena, (double)before),
	    unit, figure_count(comparison->arena, (double)after));
}

static void compare_statistics(struct comparison *comparison, const struct json *before, const struct json *after)
{
	for (size_t i = 0; i < json_count(before); i++) {
		const struct json *relation = json_at(before, i);
		const char *name = json_get_text(relation, "name");
		const struct json *now = name ? find_relation(after, name) : NULL;
		if (!now)
			continue;
		compare_statistic(comparison, name, "rows", json_get_int(relation, "rows"), json_get_int(now, "rows"));
		compare_statistic(comparison, name, "pages", json_get_int(relation, "pages"), json_get_int(now, "pages"));
	}
}

/* ---- settings ---- */

static bool say_changed_setting(const char *name, const struct json *value, void *context)
{
	struct comparison *comparison = context;
	const char *before = json_text(value), *now = json_get_text(comparison->other, name);
	if (before && !now)
		say(comparison, "setting %s: %s before, as shipped now", name, before);
	else if (before && strcmp(before, now) != 0)
		say(comparison, "setting %s: %s before, %s now", name, before, now);
	return true;
}

static bool say_new_setting(const char *name, const struct json *value, void *context)
{
	struct comparison *comparison = context;
	if (json_text(value) && !json_get_text(comparison->other, name))
		say(comparison, "setting %s: as shipped before, %s now", name, json_text(value));
	return true;
}

static void compare_settings(struct comparison *comparison, const char *before_text, const char *after_text)
{
	_cleanup_json_ struct json *before = parse(before_text), *after = parse(after_text);
	if (!before || !after)
		return;
	comparison->other = after;
	json_each(before, say_changed_setting, comparison);
	comparison->other = before;
	json_each(after, say_new_setting, comparison);
}

/* ---- all ---- */

void surroundings_compare(struct arena *arena, const struct plan_surroundings *before,
                          const struct plan_surroundings *after, struct text_list *ret_sentences)
{
	struct comparison comparison = {.arena = arena, .sentences = ret_sentences};
	_cleanup_json_ struct json *relations = parse(before->relations_json), *now = parse(after->relations_json);

	compare_indexes(&comparison, relations, now);
	if (before->server_version && after->server_version && strcmp(before->server_version, after->server_version) != 0)
		say(&comparison, "server version: %s before, %s now", before->server_version, after->server_version);
	compare_settings(&comparison, before->settings_json, after->settings_json);
	compare_statistics(&comparison, relations, now);
	if (before->rows > 0 && after->rows > 0 && differs_by(before->rows, after->rows, ESTIMATE_FACTOR))
		say(&comparison, "rows expected of the query: %s before, %s now", figure_count(arena, before->rows),
		    figure_count(arena, after->rows));
	if (before->schema_digest && after->schema_digest && strcmp(before->schema_digest, after->schema_digest) != 0)
		say(&comparison, "schema: digest %.*s before, %.*s now", DIGEST_SHOWN, before->schema_digest, DIGEST_SHOWN,
		    after->schema_digest);
}
