#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "core/migration/plan.h"

enum { SHORTEST_ID = 12 };

static void add_number(struct digest_stream *stream, size_t number)
{
	char text[32];
	snprintf(text, sizeof(text), "%zu", number);
	digest_add_field(stream, text);
}

static void add_script(struct digest_stream *stream, const struct script *script)
{
	digest_add_field(stream, script->path ? script->canonical.hex : NULL);
	add_number(stream, script->steps.count);
	for (size_t i = 0; i < script->steps.count; i++) {
		digest_add_field(stream, script->steps.items[i].transactional ? "transaction" : "single");
		add_number(stream, script->steps.items[i].count);
	}
}

static void add_texts(struct digest_stream *stream, const struct text_list *list)
{
	add_number(stream, list ? list->count : 0);
	for (size_t i = 0; list && i < list->count; i++)
		digest_add_field(stream, list->items[i]);
}

static void add_target(struct digest_stream *stream, const struct target *target)
{
	digest_add_field(stream, target->system_identifier);
	digest_add_field(stream, target->timeline);
	digest_add_field(stream, target->database_oid);
	digest_add_field(stream, target->environment);
	add_number(stream, (size_t)target->server_version);
}

/* Leading zeros are no part of a version. */
static const char *digits(const char *version)
{
	while (*version == '0' && version[1])
		version++;
	return version;
}

struct digest plan_seal(const struct plan *plan, const struct history *history, const struct plan_options *options)
{
	struct digest_stream *stream = digest_open();

	digest_add_field(stream, "pgsluice plan 1");
	add_target(stream, plan->target);
	add_number(stream, history->rows.count);
	for (size_t i = 0; i < history->rows.count; i++)
		digest_add_field(stream, digits(history->rows.items[i].version));
	add_number(stream, plan->pending.count);
	for (size_t i = 0; i < plan->pending.count; i++) {
		const struct migration *migration = plan->pending.items[i];
		digest_add_field(stream, digits(migration->version));
		digest_add_field(stream, migration->name);
		add_script(stream, &migration->up);
		add_script(stream, &migration->down);
		add_script(stream, &migration->verify);
	}
	add_number(stream, plan->held_count);
	for (size_t i = 0; i < plan->items.count; i++) {
		const struct plan_item *item = &plan->items.items[i];
		if (item->state != STATE_HELD)
			continue;
		digest_add_field(stream, digits(item->migration->version));
		digest_add_field(stream, item->reason);
	}
	digest_add_field(stream, options->schema_digest);
	add_number(stream, options->waiver_count);
	for (size_t i = 0; i < options->waiver_count; i++) {
		digest_add_field(stream, options->waivers[i].check);
		digest_add_field(stream, options->waivers[i].reason);
	}
	add_texts(stream, options->accepted_drift);
	return digest_close(stream);
}

bool plan_id_matches(const struct plan *plan, const char *text)
{
	size_t length = strlen(text);
	if (length < SHORTEST_ID || length > DIGEST_HEX_LENGTH)
		return false;
	for (size_t i = 0; i < length; i++)
		if (tolower((unsigned char)text[i]) != plan->id.hex[i])
			return false;
	return true;
}
