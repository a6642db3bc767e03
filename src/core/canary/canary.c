#include "core/canary/canary.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "core/migration/canonical.h"
#include "core/sql/explainable.h"

enum { NAME_LONGEST = 200 };

struct heading {
	struct arena *arena;
	const char *path;
	struct canary *canary;
	unsigned seen;           /* bit per key */
	long parameters_line;
};

typedef enum status read_value(struct heading *heading, const char *value, struct error *err);

static enum status read_name(struct heading *heading, const char *value, struct error *err)
{
	if (strlen(value) > NAME_LONGEST) {
		error_set(err, FAIL_REFUSED, "the name is longer than %d bytes", NAME_LONGEST);
		return error_hint(err, "Give it a short name; a comment can say the rest.");
	}
	heading->canary->name = value;
	return OK;
}

static enum status read_budget(struct heading *heading, const char *value, struct error *err)
{
	int64_t budget_ms;

	if (!text_read_duration(value, &budget_ms) || budget_ms == 0) {
		error_set(err, FAIL_REFUSED, "\"%s\" is no budget", value);
		return error_hint(err, "Write a duration, as in: -- budget: 200ms");
	}
	heading->canary->budget_ms = budget_ms;
	return OK;
}

static enum status read_frequency(struct heading *heading, const char *value, struct error *err)
{
	static const struct {
		const char *unit;
		double seconds;
	} UNITS[] = {{"", 1}, {"/s", 1}, {"/min", 60}, {"/h", 3600}, {"/d", 86400}};
	char *end = NULL;
	double count = isdigit((unsigned char)*value) ? strtod(value, &end) : 0;

	for (size_t i = 0; end && i < sizeof(UNITS) / sizeof(UNITS[0]); i++) {
		if (isfinite(count) && count > 0 && strcmp(end, UNITS[i].unit) == 0) {
			heading->canary->frequency = count / UNITS[i].seconds;
			return OK;
		}
	}
	error_set(err, FAIL_REFUSED, "\"%s\" is no frequency", value);
	return error_hint(err, "Write how often it runs, as in: -- frequency: 10/s (also /min, /h, /d)");
}

static enum status refuse_value(const char *text, struct error *err)
{
	error_set(err, FAIL_REFUSED, "\"%s\" is no value", text);
	return error_hint(err, "Write numbers, 'texts', true, false and null, with commas between: -- parameters: 42, 'x'");
}

/* 'it''s': the text in it; NULL when it does not end. */
static const char *take_quoted(struct arena *arena, const char **at)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	const char *from = *at + 1;

	for (; *from; from++) {
		if (*from == '\'' && from[1] != '\'') {
			*at = from + 1;
			return arena_strdup(arena, strbuf_text(&text));
		}
		from += *from == '\'';
		strbuf_putc(&text, *from);
	}
	return NULL;
}

static bool is_number(const char *text)
{
	char *end;
	(void)strtod(text, &end);
	return (isdigit((unsigned char)*text) || strchr("+-.", *text)) && end != text && *end == '\0';
}

static enum status read_bare(struct heading *heading, const char *word, struct error *err)
{
	bool flag = strcasecmp(word, "true") == 0 || strcasecmp(word, "false") == 0;
	if (strcasecmp(word, "null") == 0) {
		list_push(heading->arena, &heading->canary->parameters, NULL);
		return OK;
	}
	if (*word == '\0' || (!flag && !is_number(word)))
		return refuse_value(word, err);
	list_push(heading->arena, &heading->canary->parameters, word);
	return OK;
}

static enum status read_parameters(struct heading *heading, const char *value, struct error *err)
{
	const char *at = value;

	for (;;) {
		at += strspn(at, " \t");
		if (*at == '\'') {
			const char *start = at, *text = take_quoted(heading->arena, &at);
			if (!text)
				return refuse_value(start, err);
			list_push(heading->arena, &heading->canary->parameters, text);
			at += strspn(at, " \t");
			if (*at && *at != ',')
				return refuse_value(start, err);
		} else {
			size_t length = strcspn(at, ","), kept = length;
			while (kept && (at[kept - 1] == ' ' || at[kept - 1] == '\t'))
				kept--;
			if (read_bare(heading, arena_strndup(heading->arena, at, kept), err) != OK)
				return err->status;
			at += length;
		}
		if (*at == '\0')
			return OK;
		at++;
	}
}

static const struct {
	const char *key;
	read_value *read;
} KEYS[] = {
	{"name", read_name},
	{"budget", read_budget},
	{"parameters", read_parameters},
	{"frequency", read_frequency},
};
enum { KEY_COUNT = sizeof(KEYS) / sizeof(KEYS[0]), KEY_PARAMETERS = 2 };

static enum status refuse_key(const char *key, struct error *err)
{
	const char *names[KEY_COUNT];
	for (size_t i = 0; i < KEY_COUNT; i++)
		names[i] = KEYS[i].key;
	const char *nearest = text_nearest(key, names, KEY_COUNT);
	if (!nearest)
		return OK;
	error_set(err, FAIL_REFUSED, "\"%s\" is no key of a canary", key);
	return error_hint(err, "Did you mean \"%s\"? Other comments are free, where they do not look like one of: name, "
	                  "budget, parameters, frequency.", nearest);
}

/* A comment line of the header; what is no "key: value" is a comment like any other. */
static enum status read_line(struct heading *heading, const char *line, long number, struct error *err)
{
	line += strspn(line, " \t");
	size_t word = strspn(line, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_-");
	const char *colon = line + word;
	if (word == 0 || *colon != ':')
		return OK;
	char *key = arena_strndup(heading->arena, line, word);
	const char *value = colon + 1 + strspn(colon + 1, " \t");
	for (char *at = key; *at; at++)
		*at = (char)tolower((unsigned char)*at);
	for (size_t i = 0; i < KEY_COUNT; i++) {
		if (strcmp(KEYS[i].key, key) != 0)
			continue;
		if (heading->seen & 1U << i) {
			error_set(err, FAIL_REFUSED, "\"%s\" is told twice", key);
			return error_hint(err, "Keep one of the lines.");
		}
		if (*value == '\0') {
			error_set(err, FAIL_REFUSED, "\"%s\" has no value", key);
			return error_hint(err, "Give it one, or leave the line out.");
		}
		heading->seen |= 1U << i;
		if (i == KEY_PARAMETERS)
			heading->parameters_line = number;
		return KEYS[i].read(heading, value, err);
	}
	return refuse_key(key, err);
}

/* The comment lines at the top, and empty ones between; the statement begins behind them. */
static enum status read_header(struct heading *heading, const char *text, size_t length, struct error *err)
{
	const char *end = text + length;
	long number = 1;

	for (const char *line = text; line < end; number++) {
		const char *stop = memchr(line, '\n', (size_t)(end - line));
		size_t size = (size_t)((stop ? stop : end) - line);
		while (size && isspace((unsigned char)line[size - 1]))
			size--;
		const char *copy = arena_strndup(heading->arena, line, size);
		const char *start = copy + strspn(copy, " \t");
		if (*start && strncmp(start, "--", 2) != 0)
			break;
		if (*start && read_line(heading, start + 2, number, err) != OK)
			return error_where(err, heading->path, number, 0);
		line = stop ? stop + 1 : end;
	}
	return OK;
}

static const char *name_of_file(struct arena *arena, const char *path)
{
	const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;
	size_t length = strlen(base);
	return arena_strndup(arena, base, length > 4 && strcmp(base + length - 4, ".sql") == 0 ? length - 4 : length);
}

static enum status check_values(const struct heading *heading, const struct explainable *query, struct error *err)
{
	size_t given = heading->canary->parameters.count;

	if (heading->parameters_line == 0 || given == query->parameters)
		return OK;
	error_set(err, FAIL_REFUSED, "the query has %zu parameter(s), and %zu value(s) are given", query->parameters,
	          given);
	error_hint(err, query->parameters ? "Give one value for each of $1 to $n; without the line only its generic plan "
	                                    "is looked at."
	                                  : "Write $1, $2 and so on where the values belong, or leave the line out.");
	return error_where(err, heading->path, heading->parameters_line, 0);
}

static enum status check_reads(const struct heading *heading, const struct explainable *query, struct error *err)
{
	if (query->reads)
		return OK;
	error_set(err, FAIL_REFUSED, "a canary may only read, and this %s does more", query->tag);
	error_hint(err, "Watch the SELECT that is behind it; canaries are run on live as well.");
	return error_where(err, heading->path, query->line, 0);
}

enum status canary_read(struct arena *arena, const char *path, const char *text, size_t length,
                        struct canary *ret_canary, struct error *err)
{
	struct canary canary = {.origin = CANARY_FILE,
	                        .file = arena_strdup(arena, path),
	                        .budget_ms = CANARY_BUDGET_MS};
	struct heading heading = {.arena = arena, .path = path, .canary = &canary};
	const struct source_file file = {
		.name = path, .path = path, .bytes = arena_strndup(arena, text, length), .length = length};
	struct explainable query;
	struct script script = {0};

	if (canonical_read(arena, &file, &script, err) != OK ||
	    read_header(&heading, script.text, script.length, err) != OK ||
	    explainable_read(arena, path, script.text, script.length, 0, &query, err) != OK ||
	    check_reads(&heading, &query, err) != OK || check_values(&heading, &query, err) != OK)
		return err->status;
	if (!canary.name)
		canary.name = name_of_file(arena, path);
	canary.sql = query.sql;
	canary.line = query.line;
	canary.generic = query.parameters > canary.parameters.count;
	*ret_canary = canary;
	return OK;
}

enum status canaries_check_names(const struct canary_list *list, struct error *err)
{
	for (size_t i = 0; i < list->count; i++)
		for (size_t j = 0; j < i; j++)
			if (strcmp(list->items[i].name, list->items[j].name) == 0) {
				error_set(err, FAIL_REFUSED, "two canaries have the name \"%s\": %s and %s",
				          list->items[i].name, list->items[j].file, list->items[i].file);
				error_hint(err, "Give one of them another `-- name:`.");
				return error_where(err, list->items[i].file, 1, 0);
			}
	return OK;
}

struct digest canaries_digest(const struct canary_list *list)
{
	struct digest_stream *stream = digest_open();
	_cleanup_strbuf_ struct strbuf figures = {0};

	for (size_t i = 0; i < list->count; i++) {
		const struct canary *canary = &list->items[i];
		strbuf_reset(&figures);
		strbuf_printf(&figures, "%d %d %lld %zu", (int)canary->origin, canary->generic, (long long)canary->budget_ms,
		              canary->parameters.count);
		digest_add_field(stream, canary->name);
		digest_add_field(stream, canary->sql);
		digest_add_field(stream, strbuf_text(&figures));
		for (size_t j = 0; j < canary->parameters.count; j++)
			digest_add_field(stream, canary->parameters.items[j]);
	}
	return digest_close(stream);
}
