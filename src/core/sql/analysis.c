#include "core/sql/analysis.h"

#include <string.h>

#include "core/sql/kind.h"

static struct object_use *find_use(struct analysis *analysis, const char *kind, const char *name)
{
	bool relation = kind_is_relation(kind);
	for (size_t i = 0; i < analysis->objects.count; i++) {
		struct object_use *use = &analysis->objects.items[i];
		bool same_space = relation ? kind_is_relation(use->kind) : strcmp(use->kind, kind) == 0;
		if (same_space && strcmp(use->name, name) == 0)
			return use;
	}
	return NULL;
}

void analysis_use(struct analysis *analysis, const char *kind, const char *name, unsigned flags, enum lock_mode lock)
{
	if (!name)
		return;
	struct object_use *use = find_use(analysis, kind, name);
	if (!use) {
		use = list_add(analysis->arena, &analysis->objects);
		*use = (struct object_use){.kind = kind, .name = name};
	}
	use->creates |= (flags & USE_CREATES) != 0;
	use->drops |= (flags & USE_DROPS) != 0;
	use->writes |= (flags & USE_WRITES) != 0;
	if (lock > use->lock)
		use->lock = lock;
}

void analysis_use_relation(struct analysis *analysis, const char *kind, const PgQuery__RangeVar *relation,
                           unsigned flags, enum lock_mode lock)
{
	if (!relation)
		return;
	list_push(analysis->arena, &analysis->seen, &relation->base);
	analysis_use(analysis, kind, tree_relation_name(analysis->arena, relation), flags, lock);
}

const char *analysis_part(struct analysis *analysis, const PgQuery__RangeVar *relation, const char *part)
{
	return tree_qualified(analysis->arena, tree_relation_name(analysis->arena, relation), part);
}

const char *analysis_beside(struct analysis *analysis, const PgQuery__RangeVar *relation, const char *name)
{
	return tree_qualified(analysis->arena, relation->schemaname, name);
}
