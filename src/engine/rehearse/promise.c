#include "engine/rehearse/promise.h"

#include "engine/execute/trace.h"

static struct json *locks_json(struct arena *arena, const struct migration_trace *migration)
{
	struct relation_lock_list locks = {0};
	struct json *array = json_new_array();

	for (size_t s = 0; s < migration->steps.count; s++)
		trace_step_locks(arena, &migration->steps.items[s], &locks);
	for (size_t i = 0; i < locks.count; i++) {
		struct json *lock = json_new_object();
		json_set_text(lock, "relation", locks.items[i].relation);
		json_set_text(lock, "mode", lock_mode_name(locks.items[i].mode));
		json_push(array, lock);
	}
	return array;
}

static struct json *migration_json(struct arena *arena, const struct migration_trace *migration)
{
	struct json *object = json_new_object(), *rewrites = json_new_array();
	struct text_list rewritten = {0};
	int64_t wal_bytes = 0, rows = 0;

	for (size_t s = 0; s < migration->steps.count; s++) {
		const struct step_trace *step = &migration->steps.items[s];
		for (size_t i = 0; i < step->changes.count; i++)
			rows += step->changes.items[i].inserted + step->changes.items[i].updated +
			        step->changes.items[i].deleted;
		for (size_t t = 0; t < step->statements.count; t++) {
			const struct statement_trace *statement = &step->statements.items[t];
			const struct text_list *files = &statement_effects_get(statement)->rewrites;
			wal_bytes += statement->wal_bytes > 0 ? statement->wal_bytes : 0;
			for (size_t i = 0; i < files->count; i++)
				text_list_add_once(arena, &rewritten, files->items[i]);
		}
	}
	for (size_t i = 0; i < rewritten.count; i++)
		json_push_text(rewrites, rewritten.items[i]);
	json_set_text(object, "version", migration->version);
	json_set_int(object, "duration_ms", migration->duration_ms);
	json_set_int(object, "wal_bytes", wal_bytes);
	json_set_int(object, "rows", rows);
	json_set(object, "locks", locks_json(arena, migration));
	json_set(object, "rewrites", rewrites);
	return object;
}

void promise_tell(struct run *run)
{
	_cleanup_arena_ struct arena *scratch = arena_open();
	_cleanup_error_ struct error ignored = {0};
	struct trace trace = {0};

	if (trace_read(scratch, json_get(run->evidence[GATE_REHEARSAL].data, "trace"), &trace, &ignored) != OK)
		return;
	struct json *values = json_new_object(), *migrations = json_new_array();
	for (size_t i = 0; i < trace.migrations.count; i++)
		json_push(migrations, migration_json(scratch, &trace.migrations.items[i]));
	json_set(values, "migrations", migrations);
	emit_sample(run->emitter, "promise", values);
}
