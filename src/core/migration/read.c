#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "core/migration/canonical.h"
#include "core/migration/header.h"
#include "core/migration/name.h"

/* A file of the folder, on its way to its migration. */
struct entry {
	const struct source_file *file;
	enum file_kind kind;
	const char *version;
	struct file_name name;
};

static int compare_entries(const void *left, const void *right)
{
	const struct entry *a = left, *b = right;
	int order = version_compare(a->version, b->version);
	if (order == 0)
		order = (int)a->kind - (int)b->kind;
	return order ? order : strcmp(a->file->name, b->file->name);
}

static enum status refuse_name(const struct source_file *file, struct error *err)
{
	error_set(err, FAIL_REFUSED, "bad name %s", file->name);
	error_detail(err, "A migration is named by digits, an underscore and words: 003_add_users.sql, with "
	                  "003_add_users.down.sql and 003_add_users.verify.sql beside it.");
	error_hint(err, "Rename the file, or move it out of the folder; only TEMPLATE.sql, dot files and files that do "
	                "not end in .sql are ignored.");
	return error_where(err, file->path, 0, 0);
}

/* The name goes into the history. */
static enum status refuse_bytes(const struct source_file *file, struct error *err)
{
	error_set(err, FAIL_REFUSED, "the file's name is no valid UTF-8");
	error_hint(err, "Rename the file: its name is what the history table will show.");
	return error_where(err, file->path, 0, 0);
}

static enum status take_entries(struct arena *arena, const struct source_file *files, size_t count,
                                struct entry *entries, size_t *ret_count, struct error *err)
{
	size_t taken = 0;
	for (size_t i = 0; i < count; i++) {
		struct entry entry = {.file = &files[i]};
		entry.kind = name_read(files[i].name, &entry.name);
		if (entry.kind == FILE_BAD_NAME)
			return refuse_name(&files[i], err);
		if (entry.kind == FILE_IGNORED)
			continue;
		if (text_valid_prefix(files[i].name, strlen(files[i].name)) != strlen(files[i].name))
			return refuse_bytes(&files[i], err);
		entry.version = arena_strndup(arena, files[i].name, entry.name.version_length);
		entries[taken++] = entry;
	}
	qsort(entries, taken, sizeof(*entries), compare_entries);
	*ret_count = taken;
	return OK;
}

static enum status refuse_empty(const char *folder, struct error *err)
{
	error_set(err, FAIL_REFUSED, "no migration in the folder");
	error_detail(err, "The folder is %s; it has no file like 001_name.sql.", folder);
	error_hint(err, "Check the path and that the volume is mounted; subfolders are not looked into.");
	return error_where(err, folder, 0, 0);
}

static enum status refuse_duplicate(const struct entry *first, const struct entry *second, struct error *err)
{
	error_set(err, FAIL_REFUSED, "version %s stands in two files: %s and %s", second->version, first->file->name,
	          second->file->name);
	error_hint(err, "Give one of them a number of its own; leading zeros do not count.");
	return error_where(err, second->file->path, 0, 0);
}

static enum status refuse_alone(const struct entry *entry, const struct entry *up, struct error *err)
{
	error_set(err, FAIL_REFUSED, "%s has no up file", entry->file->name);
	if (up)
		error_detail(err, "%s has its version and another name.", up->file->name);
	error_hint(err, "Add %s_%.*s.sql, or remove this file.", entry->version, (int)entry->name.name_length,
	           entry->name.name);
	return error_where(err, entry->file->path, 0, 0);
}

static bool same_name(const struct entry *a, const struct entry *b)
{
	return a->name.name_length == b->name.name_length &&
	       memcmp(a->name.name, b->name.name, a->name.name_length) == 0;
}

/* Entries are sorted: an up file comes before the others of its version. */
static enum status check_entries(const struct entry *entries, size_t count, const char *folder, struct error *err)
{
	const struct entry *up = NULL;
	for (size_t i = 0; i < count; i++) {
		const struct entry *entry = &entries[i];
		bool same_version = up && version_compare(up->version, entry->version) == 0;
		if (i > 0 && entry[-1].kind == entry->kind && version_compare(entry[-1].version, entry->version) == 0)
			return refuse_duplicate(entry - 1, entry, err);
		if (entry->kind == FILE_UP)
			up = entry;
		else if (!same_version || !same_name(up, entry))
			return refuse_alone(entry, same_version ? up : NULL, err);
	}
	return up ? OK : refuse_empty(folder, err);
}

static struct script *script_of(struct migration *migration, enum file_kind kind)
{
	if (kind == FILE_DOWN)
		return &migration->down;
	return kind == FILE_VERIFY ? &migration->verify : &migration->up;
}

static enum status read_entry(struct arena *arena, const struct entry *entry, struct migration_set *set,
                              struct error *err)
{
	static const struct digest NONE;

	if (entry->kind == FILE_UP)
		set->items[set->count++] = (struct migration){
			.version = entry->version,
			.up = {.raw = &NONE, .canonical = &NONE},
			.down = {.raw = &NONE, .canonical = &NONE},
			.verify = {.raw = &NONE, .canonical = &NONE},
			.name = arena_strndup(arena, entry->name.name, entry->name.name_length),
			.lock_timeout_ms = -1,
			.statement_timeout_ms = -1,
			.guard_wait_ms = -1,
			.guard_waiting = -1,
		};
	struct migration *migration = &set->items[set->count - 1];
	struct script *script = script_of(migration, entry->kind);

	if (canonical_read(arena, entry->file, script, err) != OK)
		return err->status;
	return header_read(arena, entry->kind, migration, script, err);
}

/* Versions that a file names, in the digits of the file that has them. */
static void settle_versions(const struct migration_set *set, struct text_list *versions)
{
	for (size_t i = 0; i < versions->count; i++) {
		const struct migration *found = migration_find(set, versions->items[i]);
		if (found)
			versions->items[i] = found->version;
	}
}

enum status migrations_read(struct arena *arena, const char *folder, const char *history_table,
                            const struct source_file *files, size_t count, struct migration_set *ret_set,
                            struct error *err)
{
	_cleanup_arena_ struct arena *scratch = arena_open();
	struct entry *entries = arena_alloc(scratch, count * sizeof(*entries));
	struct migration_set set = {.history_table = arena_strdup(arena, history_table)};
	size_t taken = 0;

	if (take_entries(arena, files, count, entries, &taken, err) != OK ||
	    check_entries(entries, taken, folder, err) != OK)
		return err->status;
	for (size_t i = 0; i < taken; i++)
		set.room += entries[i].kind == FILE_UP;
	set.items = arena_alloc(arena, set.room * sizeof(*set.items));
	for (size_t i = 0; i < taken; i++)
		if (read_entry(arena, &entries[i], &set, err) != OK)
			return err->status;
	for (size_t i = 0; i < set.count; i++) {
		settle_versions(&set, &set.items[i].requires);
		settle_versions(&set, &set.items[i].conflicts);
	}
	*ret_set = set;
	return OK;
}
