#include "engine/execute/measure.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "pg/query.h"

/* There are five for every small table: wide fields first. */
struct relation {
	const char *name;
	int64_t file;  /* relfilenode as last seen */
	int64_t scans; /* as last seen in this transaction */
	uint32_t oid;
	enum lock_mode mode; /* strongest held in this transaction */
	char kind;
	bool known;          /* name and file were read before */
	bool met;            /* in a transaction, be it an earlier one */
	bool newborn;        /* made by this transaction: nobody else can see it, let alone wait for it */
};

struct measure {
	struct arena *arena;
	struct {
		struct relation *items; /* by oid; in no arena, which would keep what they grow out of */
		size_t count, room;
	} relations;
	LIST(uint32_t) met;              /* in this transaction */
	LIST(uint32_t) unnamed;          /* met, and still without a name */
	int64_t clock_ms, wal_bytes;
};

static void make_room(struct measure *measure)
{
	size_t room = measure->relations.room;
	if (measure->relations.count < room)
		return;
	room = room ? room + room / 2 : 1024;
	measure->relations.items = memory_resize(measure->relations.items, room * sizeof(struct relation));
	measure->relations.room = room;
}

static struct relation *find(struct measure *measure, uint32_t oid)
{
	size_t low = 0, high = measure->relations.count;
	while (low < high) {
		size_t middle = (low + high) / 2;
		if (measure->relations.items[middle].oid < oid)
			low = middle + 1;
		else
			high = middle;
	}
	if (low < measure->relations.count && measure->relations.items[low].oid == oid)
		return &measure->relations.items[low];

	make_room(measure);
	struct relation *place = &measure->relations.items[low];
	memmove(place + 1, place, (measure->relations.count - low) * sizeof(*place));
	measure->relations.count++;
	*place = (struct relation){.oid = oid};
	return place;
}

/* The same, to be forgotten at the next transaction's beginning. */
static struct relation *meet(struct measure *measure, uint32_t oid)
{
	struct relation *relation = find(measure, oid);
	if (relation->mode != LOCK_NONE) /* whatever was met is locked */
		return relation;
	list_push(measure->arena, &measure->met, oid);
	if (!relation->name && relation->met)
		list_push(measure->arena, &measure->unnamed, oid);
	relation->newborn = !relation->name && !relation->met;
	relation->met = true;
	return relation;
}

static void learn(struct measure *measure, const struct rows *rows)
{
	for (size_t i = 0; i < rows_count(rows); i++) {
		struct relation *relation = find(measure, (uint32_t)rows_int(rows, i, 0));
		relation->name = arena_strdup(measure->arena, rows_get(rows, i, 1));
		relation->kind = rows_get(rows, i, 2)[0];
		relation->file = rows_int(rows, i, 3);
		relation->known = true;
	}
}

enum status measure_relations(struct measure *measure, struct session *session, struct error *err)
{
	_cleanup_rows_ struct rows *rows = NULL;
	if (session_query(session, query_trace_relations, 0, NULL, &rows, err) != OK)
		return error_wrap(err, "cannot read the relations");
	learn(measure, rows);
	return OK;
}

enum status measure_open(struct session *session, struct measure **ret_measure, struct error *err)
{
	struct measure *measure = memory_new(sizeof(*measure));
	measure->arena = arena_open();
	if (measure_relations(measure, session, err) != OK) {
		measure_close(measure);
		return err->status;
	}
	*ret_measure = measure;
	return OK;
}

void measure_close(struct measure *measure)
{
	if (!measure)
		return;
	arena_close(measure->arena);
	memory_free(measure->relations.items);
	memory_free(measure);
}

/* The row that has no relation has what is told once. */
static size_t own_row(const struct rows *rows)
{
	size_t row = 0;
	while (row + 1 < rows_count(rows) && rows_get(rows, row, 0))
		row++;
	return row;
}

int64_t measure_wal(const struct rows *rows)
{
	return rows_int(rows, own_row(rows), 4);
}

static int64_t clock_of(const struct rows *rows)
{
	return rows_int(rows, own_row(rows), 5);
}

void measure_begin(struct measure *measure, const struct rows *rows)
{
	for (size_t i = 0; i < measure->met.count; i++) {
		struct relation *relation = find(measure, measure->met.items[i]);
		relation->mode = LOCK_NONE;
		relation->scans = 0;
		relation->newborn = false;
	}
	measure->met.count = 0;
	for (size_t row = 0; row < rows_count(rows); row++) { /* ours: the history row's */
		if (!rows_get(rows, row, 0))
			continue;
		struct relation *relation = meet(measure, (uint32_t)rows_int(rows, row, 0));
		enum lock_mode mode = lock_mode_read(rows_get(rows, row, 1));
		relation->mode = mode > relation->mode ? mode : relation->mode;
	}
	measure->wal_bytes = measure_wal(rows);
	measure->clock_ms = clock_of(rows);
}

static const char *oid_text(struct arena *arena, uint32_t oid)
{
	return arena_printf(arena, "%" PRIu32, oid);
}

static void note_lock(struct measure *measure, struct arena *arena, const struct rows *rows, size_t row,
                      struct statement_trace *statement)
{
	struct relation *relation = meet(measure, (uint32_t)rows_int(rows, row, 0));
	enum lock_mode mode = lock_mode_read(rows_get(rows, row, 1));
	int64_t file = rows_int(rows, row, 2), scans = rows_int(rows, row, 3);
	bool rewritten = relation->known && relation->file && file && file != relation->file;

	if (!relation->newborn && (mode > relation->mode || rewritten || scans > relation->scans)) {
		struct statement_effects *effects = statement_effects_need(arena, statement);
		const char *oid = oid_text(arena, relation->oid);
		if (mode > relation->mode)
			relation_lock_add(arena, &effects->locks, oid, mode);
		if (rewritten)
			text_list_add_once(arena, &effects->rewrites, oid);
		if (scans > relation->scans)
			text_list_add_once(arena, &effects->scans, oid);
	}
	relation->mode = mode > relation->mode ? mode : relation->mode;
	relation->scans = scans;
	relation->known = true;
	if (file)
		relation->file = file;
}

void measure_statement(struct measure *measure, struct arena *arena, const struct rows *rows,
                       struct statement_trace *ret_statement)
{
	int64_t wal_bytes = measure_wal(rows), clock = clock_of(rows);
	ret_statement->duration_ms = clock - measure->clock_ms;
	ret_statement->wal_bytes = wal_bytes - measure->wal_bytes;
	measure->clock_ms = clock;
	measure->wal_bytes = wal_bytes;
	for (size_t row = 0; row < rows_count(rows); row++)
		if (rows_get(rows, row, 0))
			note_lock(measure, arena, rows, row, ret_statement);
}

static enum status learn_new(struct measure *measure, struct session *session, struct error *err)
{
	_cleanup_strbuf_ struct strbuf oids = {0};
	_cleanup_rows_ struct rows *rows = NULL;

	strbuf_putc(&oids, '{');
	for (size_t i = 0; i < measure->unnamed.count; i++)
		strbuf_printf(&oids, "%s%" PRIu32, i ? "," : "", measure->unnamed.items[i]);
	strbuf_putc(&oids, '}');
	const char *parameters[] = {strbuf_text(&oids)};
	if (session_query_kept(session, "names", query_trace_names, 1, parameters, &rows, err) != OK)
		return error_wrap(err, "cannot read the new relations");
	learn(measure, rows);
	for (size_t i = 0; i < measure->unnamed.count; i++) {
		struct relation *relation = find(measure, measure->unnamed.items[i]);
		if (!relation->name)
			relation->name = arena_printf(measure->arena, "(relation %" PRIu32 ")", relation->oid);
	}
	measure->unnamed.count = 0;
	return OK;
}

static const struct relation *by_text(struct measure *measure, const char *oid)
{
	return find(measure, (uint32_t)strtoul(oid, NULL, 10));
}

/* Indexes, TOAST tables and sequences follow their table: they are left out of what people read. */
static bool worth_showing(const struct relation *relation)
{
	return strchr("rpmvf", relation->kind ? relation->kind : 'r') != NULL &&
	       strncmp(relation->name, "pg_toast.", 9) != 0 && strncmp(relation->name, "pgsluice.", 9) != 0;
}

static void name_texts(struct measure *measure, struct text_list *list)
{
	size_t kept = 0;
	for (size_t i = 0; i < list->count; i++) {
		const struct relation *relation = by_text(measure, list->items[i]);
		if (worth_showing(relation))
			list->items[kept++] = relation->name;
	}
	list->count = kept;
}

static void name_locks(struct measure *measure, struct relation_lock_list *locks)
{
	size_t kept = 0;
	for (size_t i = 0; i < locks->count; i++) {
		const struct relation *relation = by_text(measure, locks->items[i].relation);
		if (!worth_showing(relation))
			continue;
		locks->items[kept] = locks->items[i];
		locks->items[kept++].relation = relation->name;
	}
	locks->count = kept;
}

static void copy_texts(struct arena *arena, struct text_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		list->items[i] = arena_strdup(arena, list->items[i]);
}

enum status measure_names(struct measure *measure, struct session *session, struct arena *arena,
                          struct step_trace *step, struct error *err)
{
	if (measure->unnamed.count && learn_new(measure, session, err) != OK)
		return err->status;
	for (size_t i = 0; i < step->statements.count; i++) {
		struct statement_effects *effects = step->statements.items[i].effects;
		if (!effects)
			continue;
		name_locks(measure, &effects->locks);
		name_texts(measure, &effects->rewrites);
		name_texts(measure, &effects->scans);
		copy_texts(arena, &effects->rewrites);
		copy_texts(arena, &effects->scans);
		for (size_t l = 0; l < effects->locks.count; l++)
			effects->locks.items[l].relation = arena_strdup(arena, effects->locks.items[l].relation);
	}
	return OK;
}

void measure_changes(struct arena *arena, const struct rows *rows, struct step_trace *step)
{
	step->counted = true;
	list_reserve(arena, &step->changes, rows_count(rows));
	for (size_t i = 0; i < rows_count(rows); i++)
		*list_add(arena, &step->changes) = (struct change_count){
			.table = arena_strdup(arena, rows_get(rows, i, 0)),
			.inserted = rows_int(rows, i, 1),
			.updated = rows_int(rows, i, 2),
			.deleted = rows_int(rows, i, 3),
		};
}
