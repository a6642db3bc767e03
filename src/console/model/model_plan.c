#include "console/model/model_plan.h"

#include <string.h>

#include "core/migration/migration.h"

enum { WORDS_MAX = 50 };

/* The names of modes are many and few at once: constants stand for them. */
enum lock_mode model_lock_mode(const char *name)
{
	for (enum lock_mode mode = LOCK_ACCESS_EXCLUSIVE; name && mode > LOCK_NONE; mode--)
		if (strcmp(lock_mode_name(mode), name) == 0)
			return mode;
	return LOCK_NONE;
}

static void note_strength(struct model_migration *migration, const char *mode)
{
	if (model_lock_mode(mode) > model_lock_mode(migration->strongest_lock))
		migration->strongest_lock = lock_mode_name(model_lock_mode(mode));
}

static void add_lock(struct model *model, struct model_migration *migration, const char *relation, const char *mode)
{
	if (!relation || model_lock_mode(mode) == LOCK_NONE)
		return;
	note_strength(migration, mode);
	for (size_t i = 0; i < migration->locks.count; i++) {
		struct model_lock *lock = &migration->locks.items[i];
		if (strcmp(lock->relation, relation) != 0)
			continue;
		if (model_lock_mode(mode) > model_lock_mode(lock->mode))
			lock->mode = lock_mode_name(model_lock_mode(mode));
		return;
	}
	*list_add(model->arena, &migration->locks) = (struct model_lock){
		.relation = arena_strdup(model->arena, relation),
		.mode = lock_mode_name(model_lock_mode(mode)),
	};
}

void model_add_locks(struct model *model, struct model_migration *migration, const struct json *locks)
{
	for (size_t i = 0; i < json_count(locks); i++)
		add_lock(model, migration, json_get_text(json_at(locks, i), "relation"),
		         json_get_text(json_at(locks, i), "mode"));
}

/* Words that thousands of migrations share are kept once, as long as they are few. */
static const char *word_once(struct model *model, const char *word)
{
	if (!word)
		return NULL;
	for (size_t i = 0; i < model->words.count; i++)
		if (strcmp(model->words.items[i], word) == 0)
			return model->words.items[i];
	const char *kept = arena_strdup(model->arena, word);
	if (model->words.count < WORDS_MAX)
		list_push(model->arena, &model->words, kept);
	return kept;
}

static void read_statement(struct model *model, struct model_migration *migration, struct model_step *step,
                           const struct json *value)
{
	struct model_statement *statement = list_add(model->arena, &step->statements);
	const struct json *locks = json_get(value, "locks");

	statement->tag = word_once(model, json_get_text(value, "tag"));
	statement->line = json_get_int(value, "line");
	statement->count = json_has(value, "count") ? json_get_int(value, "count") : 1;
	list_reserve(model->arena, &statement->locks, json_count(locks));
	for (size_t i = 0; i < json_count(locks); i++) {
		const struct json *lock = json_at(locks, i);
		enum lock_mode mode = model_lock_mode(json_get_text(lock, "mode"));
		*list_add(model->arena, &statement->locks) = (struct model_lock){
			.relation = arena_strdup(model->arena, json_get_text(lock, "relation")),
			.mode = lock_mode_name(mode),
		};
		note_strength(migration, lock_mode_name(mode));
	}
}

static void read_steps(struct model *model, struct model_migration *migration, const struct json *steps)
{
	list_reserve(model->arena, &migration->steps, json_count(steps));
	for (size_t i = 0; i < json_count(steps); i++) {
		const struct json *value = json_at(steps, i), *statements = json_get(value, "statements");
		struct model_step *step = list_add(model->arena, &migration->steps);
		step->transactional = json_get_bool(value, "transactional");
		step->reason = word_once(model, json_get_text(value, "reason"));
		list_reserve(model->arena, &step->statements, json_count(statements));
		for (size_t j = 0; j < json_count(statements); j++)
			read_statement(model, migration, step, json_at(statements, j));
	}
}

static void read_migration(struct model *model, const struct json *value)
{
	struct arena *arena = model->arena;
	struct model_migration *migration = list_add(arena, &model->migrations);
	const struct json *needs = json_get(value, "requires");

	*migration = (struct model_migration){
		.version = arena_strdup(arena, json_get_text(value, "version")),
		.name = arena_strdup(arena, json_get_text(value, "name")),
		.state = word_once(model, json_get_text(value, "state")),
		.reason = arena_strdup(arena, json_get_text(value, "reason")),
		.transaction = word_once(model, json_get_text(value, "transaction")),
		.description = arena_strdup(arena, json_get_text(value, "description")),
		.file = arena_strdup(arena, json_get_text(value, "file")),
		.checksum = arena_strdup(arena, json_get_text(value, "checksum")),
		.phase = arena_strdup(arena, json_get_text(value, "phase")),
		.applied_at = arena_strdup(arena, json_get_text(value, "applied_at")),
		.has_down = json_get_bool(value, "has_down"),
		.has_verify = json_get_bool(value, "has_verify"),
		.promised_ms = -1,
		.promised_wal_bytes = -1,
		.promised_rows = -1,
		.rehearsed = {.duration_ms = -1, .step = -1, .statement = -1},
		.applied = {.duration_ms = -1, .step = -1, .statement = -1},
	};
	list_reserve(arena, &migration->needs, json_count(needs));
	for (size_t i = 0; i < json_count(needs); i++)
		*list_add(arena, &migration->needs) = (struct model_edge){
			.migration = SIZE_MAX,
			.version = arena_strdup(arena, json_get_text(json_at(needs, i), "version")),
			.reason = arena_strdup(arena, json_get_text(json_at(needs, i), "reason")),
		};
	read_steps(model, migration, json_get(value, "steps"));
}

/* How many need each is counted first: room is taken for no more. */
static void connect_edges(struct model *model)
{
	_cleanup_arena_ struct arena *scratch = arena_open();
	size_t *needing = arena_alloc(scratch, (model->migrations.count + 1) * sizeof(*needing));

	for (size_t i = 0; i < model->migrations.count; i++) {
		struct model_migration *migration = &model->migrations.items[i];
		for (size_t j = 0; j < migration->needs.count; j++) {
			struct model_edge *edge = &migration->needs.items[j];
			struct model_migration *needed = model_find(model, edge->version);
			if (!needed)
				continue;
			edge->migration = (size_t)(needed - model->migrations.items);
			needing[edge->migration]++;
		}
	}
	for (size_t i = 0; i < model->migrations.count; i++)
		if (needing[i] > 0)
			list_reserve(model->arena, &model->migrations.items[i].needed_by, needing[i]);
	for (size_t i = 0; i < model->migrations.count; i++) {
		const struct model_migration *migration = &model->migrations.items[i];
		for (size_t j = 0; j < migration->needs.count; j++)
			if (migration->needs.items[j].migration != SIZE_MAX)
				list_push(model->arena, &model->migrations.items[migration->needs.items[j].migration].needed_by, i);
	}
}

void model_count(struct model *model)
{
	model->applied_count = model->pending_count = model->held_count = model->wrong_count = 0;
	for (size_t i = 0; i < model->migrations.count; i++) {
		const char *state = model->migrations.items[i].state;
		if (strcmp(state, "applied") == 0)
			model->applied_count++;
		else if (strcmp(state, "pending") == 0)
			model->pending_count++;
		else if (strcmp(state, "held") == 0)
			model->held_count++;
		else
			model->wrong_count++;
	}
}

void model_set_plan(struct model *model, const struct json *plan)
{
	const struct json *migrations = json_get(plan, "migrations");

	memset(&model->migrations, 0, sizeof(model->migrations));
	model->current = SIZE_MAX;
	list_reserve(model->arena, &model->migrations, json_count(migrations));
	for (size_t i = 0; i < json_count(migrations); i++)
		read_migration(model, json_at(migrations, i));
	connect_edges(model);
	model_count(model);
}

void model_set_promise(struct model *model, const struct json *values)
{
	const struct json *migrations = json_get(values, "migrations");

	for (size_t i = 0; i < json_count(migrations); i++) {
		const struct json *value = json_at(migrations, i), *rewrites = json_get(value, "rewrites");
		struct model_migration *migration = model_find(model, json_get_text(value, "version"));
		if (!migration)
			continue;
		migration->promised_ms = json_has(value, "duration_ms") ? json_get_int(value, "duration_ms") : -1;
		migration->promised_wal_bytes = json_has(value, "wal_bytes") ? json_get_int(value, "wal_bytes") : -1;
		migration->promised_rows = json_has(value, "rows") ? json_get_int(value, "rows") : -1;
		model_add_locks(model, migration, json_get(value, "locks"));
		migration->rewrites = (struct text_list){0};
		for (size_t j = 0; j < json_count(rewrites); j++)
			if (json_text(json_at(rewrites, j)))
				text_list_add_once(model->arena, &migration->rewrites, json_text(json_at(rewrites, j)));
	}
}
