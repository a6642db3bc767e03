#include "core/health/metric.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/stamp.h"

static const char *const KIND_NAMES[] = {[METRIC_GAUGE] = "gauge", [METRIC_COUNTER] = "counter"};

static const char *const LEVELS[] = {"ok", "warning", "critical", "unknown"};

/* A row while its series are written. */
struct writing {
	struct strbuf *out;
	const struct metric_row *row;
	struct strbuf seen; /* labels of its series so far, each between line feeds */
};

/* The member that the names with dots between lead to, or NULL. */
static const struct json *follow(const struct json *value, const char *path)
{
	char name[64];

	while (path && *path && value) {
		size_t length = strcspn(path, ".");
		if (length >= sizeof(name) || json_kind(value) != JSON_KIND_OBJECT)
			return NULL;
		memcpy(name, path, length);
		name[length] = '\0';
		value = json_get(value, name);
		path += length + (path[length] == '.');
	}
	return value;
}

/* ---- values ---- */

static bool put_part(struct strbuf *out, int64_t number, int64_t parts, int digits)
{
	const char *sign = number < 0 ? "-" : "";
	int64_t whole = number / parts, rest = number % parts;

	strbuf_printf(out, "%s%" PRId64 ".%0*" PRId64, sign, whole < 0 ? -whole : whole, digits, rest < 0 ? -rest : rest);
	return true;
}

static bool put_level(struct strbuf *out, const char *word)
{
	for (size_t i = 0; word && i < sizeof(LEVELS) / sizeof(LEVELS[0]); i++) {
		if (strcmp(LEVELS[i], word) == 0) {
			strbuf_printf(out, "%zu", i);
			return true;
		}
	}
	return false;
}

static bool put_stamp(struct strbuf *out, const char *text)
{
	int64_t wall_ms;
	return text && stamp_read(text, &wall_ms) && put_part(out, wall_ms, 1000, 3);
}

static bool put_number(struct strbuf *out, const struct json *value)
{
	if (json_kind(value) == JSON_KIND_INT)
		strbuf_printf(out, "%" PRId64, json_int(value));
	else if (json_kind(value) == JSON_KIND_BOOL)
		strbuf_puts(out, json_bool(value) ? "1" : "0");
	else if (json_digits(value))
		strbuf_puts(out, json_digits(value));
	else
		return false;
	return true;
}

static bool put_ratio(struct strbuf *out, const struct json *value)
{
	_cleanup_strbuf_ struct strbuf percent = {0};

	if (!put_number(&percent, value))
		return false;
	strbuf_printf(out, "%.6g", strtod(strbuf_text(&percent), NULL) / 100);
	return true;
}

/* False when there is none: null, or of a kind that is no number. */
static bool put_value(struct strbuf *out, enum metric_unit unit, const struct json *value)
{
	bool whole = value && json_kind(value) == JSON_KIND_INT;

	if (unit == METRIC_ONE) {
		strbuf_putc(out, '1');
		return true;
	}
	if (!value)
		return false;
	switch (unit) {
	case METRIC_MS:
		return whole && put_part(out, json_int(value), 1000, 3);
	case METRIC_US:
		return whole && put_part(out, json_int(value), 1000000, 6);
	case METRIC_STAMP:
		return put_stamp(out, json_text(value));
	case METRIC_PERCENT:
		return put_ratio(out, value);
	case METRIC_LEVEL:
		return put_level(out, json_text(value));
	case METRIC_IS_OK:
		strbuf_puts(out, json_text(value) && strcmp(json_text(value), "ok") == 0 ? "1" : "0");
		return true;
	case METRIC_COUNT:
		strbuf_printf(out, "%zu", json_count(value));
		return true;
	default:
		return put_number(out, value);
	}
}

/* ---- series ---- */

static void put_label_text(struct strbuf *out, const char *text)
{
	for (; *text; text++) {
		if (*text == '\n')
			strbuf_puts(out, "\\n");
		else if (*text == '\\' || *text == '"')
			strbuf_printf(out, "\\%c", *text);
		else
			strbuf_putc(out, *text);
	}
}

static void put_labels(struct strbuf *out, const struct metric_row *row, const char *key, const struct json *element)
{
	const char *before = "{";

	for (size_t i = 0; i < sizeof(row->labels) / sizeof(row->labels[0]) && row->labels[i].name; i++) {
		const struct metric_label *label = &row->labels[i];
		const struct json *value = *label->member ? follow(element, label->member) : NULL;
		const char *text = *label->member ? json_text(value) : key;
		strbuf_printf(out, "%s%s=\"", before, label->name);
		if (text)
			put_label_text(out, text);
		else if (value)
			(void)put_number(out, value);
		strbuf_putc(out, '"');
		before = ",";
	}
	if (row->labels[0].name)
		strbuf_putc(out, '}');
}

/* A series that is there twice would make a reader refuse all of the text. */
static bool is_new(struct writing *writing, const char *labels)
{
	_cleanup_strbuf_ struct strbuf line = {0};

	strbuf_printf(&line, "\n%s\n", labels);
	if (strstr(strbuf_text(&writing->seen), strbuf_text(&line)))
		return false;
	strbuf_puts(&writing->seen, strbuf_text(&line));
	return true;
}

static void put_series(struct writing *writing, const char *key, const struct json *element)
{
	const struct metric_row *row = writing->row;
	_cleanup_strbuf_ struct strbuf labels = {0}, value = {0};
	bool first = writing->seen.length == 0;

	if (!put_value(&value, row->unit, follow(element, row->value)))
		return;
	put_labels(&labels, row, key, element);
	if (!is_new(writing, strbuf_text(&labels)))
		return;
	if (first)
		strbuf_printf(writing->out, "# HELP " METRIC_PREFIX "%s %s.\n# TYPE " METRIC_PREFIX "%s %s\n", row->name,
		              row->help, row->name, KIND_NAMES[row->kind]);
	strbuf_printf(writing->out, METRIC_PREFIX "%s%s %s\n", row->name, strbuf_text(&labels), strbuf_text(&value));
}

static bool visit_member(const char *key, const struct json *element, void *context)
{
	put_series(context, key, element);
	return true;
}

/* What a row is about, or NULL when it is not there, or old. */
static const struct json *find(const struct json *document, const struct metric_row *row)
{
	const struct json *from = document;

	if (row->sampler) {
		const struct json *sample = json_get(json_get(document, "samplers"), row->sampler);
		const char *state = json_get_text(sample, "state");
		from = state && strcmp(state, "ok") == 0 ? json_get(sample, "values") : NULL;
	}
	from = follow(from, row->at);
	return from && json_kind(from) != JSON_KIND_NULL ? from : NULL;
}

static void write_row(struct strbuf *out, const struct metric_row *row, const struct json *document)
{
	struct writing writing = {.out = out, .row = row};
	const struct json *at = find(document, row);

	if (at && row->each)
		json_each(at, visit_member, &writing);
	else if (at && json_kind(at) == JSON_KIND_ARRAY)
		for (size_t i = 0; i < json_count(at); i++)
			put_series(&writing, NULL, json_at(at, i));
	else if (at)
		put_series(&writing, NULL, at);
	strbuf_clear(&writing.seen);
}

void metrics_write(struct strbuf *out, const struct json *document)
{
	size_t count;
	const struct metric_row *rows = metrics_list(&count);

	for (size_t i = 0; i < count; i++)
		write_row(out, &rows[i], document);
}
