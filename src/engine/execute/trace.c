#include "engine/execute/trace.h"

#include <inttypes.h>
#include <string.h>

const struct statement_effects *statement_effects_get(const struct statement_trace *statement)
{
	static const struct statement_effects NONE = {0};
	return statement->effects ? statement->effects : &NONE;
}

struct statement_effects *statement_effects_need(struct arena *arena, struct statement_trace *statement)
{
	if (!statement->effects)
		statement->effects = arena_alloc(arena, sizeof(*statement->effects));
	return statement->effects;
}

const struct migration_trace *trace_find(const struct trace *trace, const char *version)
{
	size_t at;
	if (trace->by_version)
		return text_index_find(trace->by_version, version, &at) ? &trace->migrations.items[at] : NULL;
	for (size_t i = 0; i < trace->migrations.count; i++)
		if (strcmp(trace->migrations.items[i].version, version) == 0)
			return &trace->migrations.items[i];
	return NULL;
}

static struct json *texts_json(const struct text_list *list)
{
	struct json *array = list->count ? json_new_array() : json_empty_array();
	for (size_t i = 0; i < list->count; i++)
		json_push_text(array, list->items[i]);
	return array;
}

static struct json *statement_json(const struct statement_trace *statement)
{
	const struct statement_effects *effects = statement_effects_get(statement);
	struct json *object = json_new_object();
	struct json *locks = effects->locks.count ? json_new_array() : json_empty_array();
	for (size_t i = 0; i < effects->locks.count; i++) {
		struct json *lock = json_new_object();
		json_set_text(lock, "relation", effects->locks.items[i].relation);
		json_set_text(lock, "mode", lock_mode_name(effects->locks.items[i].mode));
		json_push(locks, lock);
	}
	json_set_int(object, "duration_ms", statement->duration_ms);
	json_set_int(object, "wal_bytes", statement->wal_bytes);
	json_set(object, "locks", locks);
	json_set(object, "rewrites", texts_json(&effects->rewrites));
	json_set(object, "scans", texts_json(&effects->scans));
	return object;
}

static bool is_plain(const struct statement_trace *statement)
{
	const struct statement_effects *effects = statement_effects_get(statement);
	return effects->locks.count + effects->rewrites.count + effects->scans.count == 0;
}

/* Statements in a row that did nothing worth a word are one line with their sums: a file can have 100,000 of them. */
static struct json *statements_json(const struct step_trace *step)
{
	struct json *statements = json_new_array();
	for (size_t i = 0, count; i < step->statements.count; i += count) {
		struct statement_trace sum = step->statements.items[i];
		for (count = 1; is_plain(&sum) && i + count < step->statements.count; count++) {
			const struct statement_trace *next = &step->statements.items[i + count];
			if (!is_plain(next) || (next->wal_bytes < 0) != (sum.wal_bytes < 0))
				break;
			sum.duration_ms += next->duration_ms;
			sum.wal_bytes += next->wal_bytes < 0 ? 0 : next->wal_bytes;
		}
		struct json *object = statement_json(&sum);
		if (count > 1)
			json_set_int(object, "count", (int64_t)count);
		json_push(statements, object);
	}
	return statements;
}

static struct json *step_json(const struct step_trace *step)
{
	struct json *object = json_new_object(), *statements = statements_json(step), *changes = json_new_array();
	for (size_t i = 0; i < step->changes.count; i++) {
		const struct change_count *count = &step->changes.items[i];
		struct json *change = json_new_object();
		json_set_text(change, "table", count->table);
		json_set_int(change, "inserted", count->inserted);
		json_set_int(change, "updated", count->updated);
		json_set_int(change, "deleted", count->deleted);
		json_push(changes, change);
	}
	json_set(object, "statements", statements);
	json_set_bool(object, "counted", step->counted);
	json_set(object, "changes", changes);
	json_set(object, "replaced", texts_json(&step->replaced));
	if (step->live_digest)
		json_set_text(object, "live_digest", step->live_digest);
	return object;
}

struct json *trace_json(const struct trace *trace)
{
	struct json *array = json_new_array();
	for (size_t i = 0; i < trace->migrations.count; i++) {
		const struct migration_trace *migration = &trace->migrations.items[i];
		struct json *object = json_new_object(), *steps = json_new_array();
		for (size_t j = 0; j < migration->steps.count; j++)
			json_push(steps, step_json(&migration->steps.items[j]));
		json_set_text(object, "version", migration->version);
		json_set_int(object, "duration_ms", migration->duration_ms);
		json_set(object, "steps", steps);
		json_push(array, object);
	}
	return array;
}

static void read_texts(struct arena *arena, const struct json *array, struct text_list *ret_list)
{
	list_reserve(arena, ret_list, json_count(array));
	for (size_t i = 0; i < json_count(array); i++)
		list_push(arena, ret_list, arena_strdup(arena, json_text(json_at(array, i))));
}

static enum lock_mode mode_by_name(const char *name)
{
	for (enum lock_mode mode = LOCK_ACCESS_SHARE; name && mode <= LOCK_ACCESS_EXCLUSIVE; mode++)
		if (strcmp(lock_mode_name(mode), name) == 0)
			return mode;
	return LOCK_NONE;
}

static void read_statement(struct arena *arena, const struct json *value, struct statement_trace *ret_statement)
{
	const struct json *locks = json_get(value, "locks"), *rewrites = json_get(value, "rewrites");
	const struct json *scans = json_get(value, "scans");
	ret_statement->duration_ms = json_get_int(value, "duration_ms");
	ret_statement->wal_bytes = json_get_int(value, "wal_bytes");
	if (json_count(locks) + json_count(rewrites) + json_count(scans) == 0)
		return;
	struct statement_effects *effects = statement_effects_need(arena, ret_statement);
	list_reserve(arena, &effects->locks, json_count(locks));
	for (size_t i = 0; i < json_count(locks); i++) {
		struct relation_lock *lock = list_add(arena, &effects->locks);
		lock->relation = arena_strdup(arena, json_get_text(json_at(locks, i), "relation"));
		lock->mode = mode_by_name(json_get_text(json_at(locks, i), "mode"));
	}
	read_texts(arena, rewrites, &effects->rewrites);
	read_texts(arena, scans, &effects->scans);
}

static void read_step(struct arena *arena, const struct json *value, struct step_trace *ret_step)
{
	const struct json *statements = json_get(value, "statements"), *changes = json_get(value, "changes");
	list_reserve(arena, &ret_step->statements, json_count(statements));
	list_reserve(arena, &ret_step->changes, json_count(changes));
	for (size_t i = 0; i < json_count(statements); i++)
		read_statement(arena, json_at(statements, i), list_add(arena, &ret_step->statements));
	for (size_t i = 0; i < json_count(changes); i++) {
		const struct json *change = json_at(changes, i);
		*list_add(arena, &ret_step->changes) = (struct change_count){
			.table = arena_strdup(arena, json_get_text(change, "table")),
			.inserted = json_get_int(change, "inserted"),
			.updated = json_get_int(change, "updated"),
			.deleted = json_get_int(change, "deleted"),
		};
	}
	read_texts(arena, json_get(value, "replaced"), &ret_step->replaced);
	ret_step->counted = json_get_bool(value, "counted");
	ret_step->live_digest = arena_strdup(arena, json_get_text(value, "live_digest"));
}

enum status trace_read(struct arena *arena, const struct json *value, struct trace *ret_trace,
                       struct error *err)
{
	struct trace trace = {0};
	if (!value || json_kind(value) != JSON_KIND_ARRAY)
		return error_set(err, FAIL_REFUSED, "the rehearsal's evidence carries no trace");
	list_reserve(arena, &trace.migrations, json_count(value));
	for (size_t i = 0; i < json_count(value); i++) {
		const struct json *object = json_at(value, i), *steps = json_get(object, "steps");
		struct migration_trace *migration = list_add(arena, &trace.migrations);
		if (!json_get_text(object, "version"))
			return error_set(err, FAIL_REFUSED, "the rehearsal's trace names no version");
		migration->version = arena_strdup(arena, json_get_text(object, "version"));
		migration->duration_ms = json_get_int(object, "duration_ms");
		list_reserve(arena, &migration->steps, json_count(steps));
		for (size_t j = 0; j < json_count(steps); j++)
			read_step(arena, json_at(steps, j), list_add(arena, &migration->steps));
	}
	trace.by_version = text_index_new(arena);
	for (size_t i = 0; i < trace.migrations.count; i++)
		text_index_put(trace.by_version, trace.migrations.items[i].version, i);
	*ret_trace = trace;
	return OK;
}

static const struct change_count *find_change(const struct step_trace *step, const char *table)
{
	for (size_t i = 0; i < step->changes.count; i++)
		if (strcmp(step->changes.items[i].table, table) == 0)
			return &step->changes.items[i];
	return NULL;
}

void trace_changes_since(struct step_trace *now, const struct step_trace *before)
{
	size_t kept = 0;
	for (size_t i = 0; i < now->changes.count; i++) {
		struct change_count count = now->changes.items[i];
		const struct change_count *earlier = find_change(before, count.table);
		if (earlier) {
			count.inserted -= earlier->inserted;
			count.updated -= earlier->updated;
			count.deleted -= earlier->deleted;
		}
		if (count.inserted > 0 || count.updated > 0 || count.deleted > 0)
			now->changes.items[kept++] = count;
	}
	now->changes.count = kept;
}

static bool within(int64_t promised, int64_t now)
{
	return promised == 0 ? now == 0 : now <= 2 * promised + 100;
}

bool trace_changes_hold(struct arena *arena, const struct step_trace *promised, const struct step_trace *now,
                        const char **ret_why)
{
	static const struct change_count NONE = {0};
	for (size_t i = 0; i < now->changes.count; i++) {
		const struct change_count *count = &now->changes.items[i];
		const struct change_count *expected = find_change(promised, count->table);
		if (!expected)
			expected = &NONE;
		if (!within(expected->deleted, count->deleted)) {
			*ret_why = arena_printf(arena,
			                        "table %s loses %" PRId64 " rows here and lost %" PRId64
			                        " in the rehearsal",
			                        count->table, count->deleted, expected->deleted);
			return false;
		}
		if (!within(expected->updated, count->updated)) {
			*ret_why = arena_printf(arena,
			                        "table %s has %" PRId64 " rows changed here and had %" PRId64
			                        " in the rehearsal",
			                        count->table, count->updated, expected->updated);
			return false;
		}
	}
	for (size_t i = 0; i < now->replaced.count; i++)
		if (!text_list_has(&promised->replaced, now->replaced.items[i])) {
			*ret_why = arena_printf(arena,
			                        "table %s is truncated, rewritten or dropped here and was not in the rehearsal",
			                        now->replaced.items[i]);
			return false;
		}
	return true;
}

bool relation_lock_add(struct arena *arena, struct relation_lock_list *list, const char *relation,
                       enum lock_mode mode)
{
	for (size_t i = 0; i < list->count; i++) {
		struct relation_lock *lock = &list->items[i];
		if (strcmp(lock->relation, relation) != 0)
			continue;
		if (lock->mode >= mode)
			return false;
		lock->mode = mode;
		return true;
	}
	list_push(arena, list, ((struct relation_lock){arena_strdup(arena, relation), mode}));
	return true;
}

void trace_step_locks(struct arena *arena, const struct step_trace *step,
                           struct relation_lock_list *ret_locks)
{
	for (size_t t = 0; t < step->statements.count; t++) {
		const struct relation_lock_list *locks = &statement_effects_get(&step->statements.items[t])->locks;
		for (size_t l = 0; l < locks->count; l++)
			relation_lock_add(arena, ret_locks, locks->items[l].relation, locks->items[l].mode);
	}
}

/* Of thousands of relations: one is found by its name, not looked for. */
static void add_locks(struct arena *arena, const struct relation_lock_list *locks, struct text_index *known,
                      struct relation_lock_list *ret_locks)
{
	for (size_t i = 0; i < locks->count; i++) {
		const struct relation_lock *lock = &locks->items[i];
		size_t at;
		if (!text_index_find(known, lock->relation, &at)) {
			text_index_put(known, lock->relation, ret_locks->count);
			list_push(arena, ret_locks, *lock);
		} else if (ret_locks->items[at].mode < lock->mode) {
			ret_locks->items[at].mode = lock->mode;
		}
	}
}

void trace_locks(struct arena *arena, const struct trace *trace, struct relation_lock_list *ret_locks)
{
	struct text_index *known = text_index_new(arena);

	for (size_t m = 0; m < trace->migrations.count; m++)
		for (size_t s = 0; s < trace->migrations.items[m].steps.count; s++) {
			const struct step_trace *step = &trace->migrations.items[m].steps.items[s];
			for (size_t t = 0; t < step->statements.count; t++)
				add_locks(arena, &statement_effects_get(&step->statements.items[t])->locks, known,
				          ret_locks);
		}
}
