#include "core/migration/migration.h"

#include <stdlib.h>
#include <string.h>

#include "core/migration/steps.h"

static int compare_version(const void *version, const void *migration)
{
	return version_compare(version, ((const struct migration *)migration)->version);
}

const struct migration *migration_find(const struct migration_set *set, const char *version)
{
	if (set->count == 0)
		return NULL;
	return bsearch(version, set->items, set->count, sizeof(*set->items), compare_version);
}

enum status migration_parse(struct arena *arena, const struct migration_set *set, struct migration *migration,
                            struct error *err)
{
	const struct steps_request requests[] = {
		{.kind = FILE_UP, .history_table = set->history_table, .script = &migration->up},
		{.kind = FILE_DOWN, .history_table = set->history_table, .script = &migration->down},
		{.kind = FILE_VERIFY, .history_table = set->history_table, .script = &migration->verify},
	};

	if (migration->parsed)
		return OK;
	for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++)
		if (requests[i].script->path && steps_read(arena, &requests[i], err) != OK)
			return err->status;
	migration->parsed = true;
	return OK;
}

static int compare_texts(const void *a, const void *b)
{
	return version_compare(*(const char *const *)a, *(const char *const *)b);
}

enum status migrations_parse(struct arena *arena, struct migration_set *set, const struct text_list *except,
                             struct error *err)
{
	_cleanup_arena_ struct arena *scratch = arena_open();
	size_t count = except ? except->count : 0;
	const char **known = arena_alloc(scratch, count * sizeof(*known));

	if (count)
		memcpy(known, except->items, count * sizeof(*known));
	qsort(known, count, sizeof(*known), compare_texts);
	for (size_t i = 0; i < set->count; i++) {
		const char *version = set->items[i].version;
		if (count && bsearch(&version, known, count, sizeof(*known), compare_texts))
			continue;
		if (migration_parse(arena, set, &set->items[i], err) != OK)
			return err->status;
	}
	return OK;
}

const char *migration_transaction(const struct migration *migration)
{
	const struct script *up = &migration->up;
	size_t transactional = 0;

	for (size_t i = 0; i < up->steps.count; i++)
		transactional += up->steps.items[i].transactional;
	if (up->transaction_none || (up->steps.count && transactional == 0))
		return "none";
	return up->steps.count <= 1 ? "transactional" : "mixed";
}
