#include "pg/samplers/sampler.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "core/sql/query_print.h"
#include "core/sql/secret.h"

enum { VERSION_PER_MAJOR = 10000, SQL_SHOWN = 400 };

static const struct sampler *const SAMPLERS[] = {
	&sampler_connections, &sampler_waits,       &sampler_locks,    &sampler_transactions,
	&sampler_workload,    &sampler_progress,    &sampler_wal,      &sampler_checkpoints,
	&sampler_wal_files,   &sampler_replicas,    &sampler_slots,    &sampler_vacuum,
	&sampler_wraparound,  &sampler_indexes,     &sampler_sequences, &sampler_sizes,
	&sampler_pools,
};

enum { SAMPLER_COUNT = sizeof(SAMPLERS) / sizeof(SAMPLERS[0]) };

const struct sampler *const *samplers_list(size_t *ret_count)
{
	*ret_count = SAMPLER_COUNT;
	return SAMPLERS;
}

const struct sampler *sampler_find(const char *name)
{
	for (size_t i = 0; i < SAMPLER_COUNT; i++)
		if (strcmp(SAMPLERS[i]->name, name) == 0)
			return SAMPLERS[i];
	return NULL;
}

const char *sampler_query(const struct sampler *sampler, int server_version)
{
	for (size_t i = 0; i < sizeof(sampler->queries) / sizeof(sampler->queries[0]); i++)
		if (sampler->queries[i].sql && server_version / VERSION_PER_MAJOR >= sampler->queries[i].since)
			return sampler->queries[i].sql;
	return NULL;
}

/* A text that does not parse, since it was cut off or is several statements, without what stands in quotes. */
static const char *without_quoted(struct arena *arena, const char *sql)
{
	_cleanup_strbuf_ struct strbuf text = {0};

	while (*sql) {
		size_t length = strcspn(sql, "'$");
		strbuf_add(&text, sql, length);
		sql += length;
		if (*sql == '$' && sql[1] >= '0' && sql[1] <= '9') {
			strbuf_putc(&text, *sql++);
		} else if (*sql) {
			const char *end = *sql == '\'' ? strchr(sql + 1, '\'') : NULL;
			strbuf_puts(&text, "'...'");
			sql = end ? end + 1 : sql + strlen(sql);
		}
	}
	return arena_strdup(arena, strbuf_text(&text));
}

/* What people see of a statement that somebody else runs. */
static const char *statement_text(struct arena *arena, const char *sql)
{
	const char *shown = query_normalize(arena, sql);

	if (!shown && secret_mentioned(sql))
		shown = "(a statement that speaks of a secret)";
	if (!shown)
		shown = without_quoted(arena, sql);
	size_t length = strlen(shown);
	if (length > SQL_SHOWN)
		shown = arena_printf(arena, "%.*s...", (int)text_valid_prefix(shown, SQL_SHOWN), shown);
	return safe_text(arena, shown);
}

static struct json *column_value(struct arena *arena, enum column_kind kind, const char *text)
{
	int64_t number;

	if (!text)
		return json_new_text(NULL);
	switch (kind) {
	case COLUMN_SQL:
		return json_new_text(statement_text(arena, text));
	case COLUMN_INT:
		return json_new_int(strtoll(text, NULL, 10));
	case COLUMN_AGE:
		number = strtoll(text, NULL, 10);
		return json_new_int(number < 0 ? 0 : number);
	case COLUMN_REAL:
		return json_new_real(text);
	case COLUMN_BOOL:
		return json_new_bool(text[0] == 't');
	default:
		return json_new_text(safe_text(arena, text));
	}
}

void sample_set(struct sampling *sampling, struct json *object, const struct rows *rows, size_t row, size_t from,
                const struct sample_column *columns, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (columns[i].kind != COLUMN_SKIP)
			json_set(object, columns[i].name,
			         column_value(sampling->arena, columns[i].kind, rows_get(rows, row, from + i)));
}

int64_t sample_grown(struct sampling *sampling, const char *name, int64_t value)
{
	const struct json *before = json_get(sampling->before, name);

	json_set_int(sampling->counters, name, value);
	return before && value >= json_int(before) ? value - json_int(before) : -1;
}

static struct json *tenths(int64_t tenths)
{
	char digits[32];
	snprintf(digits, sizeof(digits), "%" PRId64 ".%" PRId64, tenths / 10, tenths % 10);
	return json_new_real(digits);
}

void sample_set_share(struct json *object, const char *key, int64_t part, int64_t whole, int64_t scale)
{
	if (part < 0 || whole <= 0)
		json_set_text(object, key, NULL);
	else
		json_set(object, key, tenths((int64_t)((double)part * (double)scale * 10 / (double)whole + 0.5)));
}

void sample_set_rate(struct sampling *sampling, struct json *object, const char *key, int64_t grown)
{
	sample_set_share(object, key, grown, sampling->interval_ms, 1000);
}

void sample_set_known(struct json *object, const char *key, int64_t value)
{
	if (value < 0)
		json_set_text(object, key, NULL);
	else
		json_set_int(object, key, value);
}

bool sample_is_ours(const char *application)
{
	return application && (strcmp(application, "pgsluice") == 0 || strncmp(application, "pgsluice/", 9) == 0);
}
