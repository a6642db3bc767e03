#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
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
	digest_add_field(stream, script->path ? script->canonical->hex : NULL);
	add_number(stream, script->steps.count);
	for (size_t i = 0; i < script->steps.count; i++) {
		digest_add_field(stream, script->steps.items[i].transactional ? "transaction" : "single");
		add_number(stream, script->steps.items[i].count);
	}
}

static int compare_digests(const void *a, const void *b)
{
	return strcmp(((const struct digest *)a)->hex, ((const struct digest *)b)->hex);
}

/* A set, whatever the order in which it was given: the sorted digests of its members. */
static void add_set(struct digest_stream *stream, struct digest *members, size_t count)
{
	if (count)
		qsort(members, count, sizeof(*members), compare_digests);
	add_number(stream, count);
	for (size_t i = 0; i < count; i++)
		digest_add_field(stream, members[i].hex);
}

static void add_decisions(struct digest_stream *stream, const struct plan_options *options)
{
	_cleanup_arena_ struct arena *arena = arena_open();
	size_t drift_count = options->accepted_drift ? options->accepted_drift->count : 0;
	struct digest *waivers = arena_alloc(arena, (options->waiver_count + 1) * sizeof(*waivers));
	struct digest *drift = arena_alloc(arena, (drift_count + 1) * sizeof(*drift));

	for (size_t i = 0; i < options->waiver_count; i++) {
		struct digest_stream *member = digest_open();
		digest_add_field(member, options->waivers[i].check);
		digest_add_field(member, options->waivers[i].reason);
		waivers[i] = digest_close(member);
	}
	for (size_t i = 0; i < drift_count; i++)
		drift[i] = digest_of(options->accepted_drift->items[i], strlen(options->accepted_drift->items[i]));
	add_set(stream, waivers, options->waiver_count);
	add_set(stream, drift, drift_count);
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
	add_decisions(stream, options);
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
