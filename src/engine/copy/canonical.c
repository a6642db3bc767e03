#include "engine/copy/canonical.h"

#include <stdlib.h>
#include <string.h>

#include "engine/copy/copy_restore.h"
#include "engine/copy/copy_server.h"
#include "sys/file.h"

enum { LOCK_WAIT_MS = 10000 };

/* The round trip: what the session's database looks like after one dump and restore, read by the copy's superuser. */
static enum status round_trip(struct run *run, struct arena *arena, struct copy *copy, struct session *session,
                              const char *folder, struct schema *ret_schema, struct error *err)
{
	_cleanup_arena_ struct arena *scratch = arena_open();
	_cleanup_session_ struct session *reader = NULL;
	struct dumping *dumping;
	struct dump dump;
	struct text_list warnings = {0};
	struct dump_options dump_options = {
		.loop = run->loop,
		.binaries = copy_binaries(copy),
		.source = session,
		.folder = folder,
		.jobs = 1,
		.lock_wait_ms = LOCK_WAIT_MS,
		.schema_only = true,
	};
	struct restore_options restore = {
		.loop = run->loop,
		.binaries = copy_binaries(copy),
		.server = copy_admin(copy),
		.database = copy->canonical_name,
		.secrets = copy_secrets(copy),
		.jobs = run->settings->jobs,
	};
	struct session_options read = copy_options(copy, "canonical");

	read.database = copy->canonical_name;
	if (dump_start(scratch, &dump_options, &dumping, err) != OK ||
	    dump_finish(dumping, NULL, &dump, &warnings, err) != OK ||
	    server_create_database(copy, copy->canonical_name, err) != OK ||
	    dump_restore(&dump, &restore, NULL, err) != OK || session_open(run->loop, &read, &reader, err) != OK)
		return err->status;
	return run_schema_of(run, reader, arena, ret_schema, err);
}

enum status canonical_schema(struct run *run, struct arena *arena, struct copy *copy, struct session *session,
                             struct schema *ret_schema, struct error *err)
{
	_cleanup_arena_ struct arena *scratch = arena_open();
	_cleanup_error_ struct error ignored = {0};
	const char *folder = arena_printf(scratch, "%s-schema", copy_secrets(copy));

	enum status status = round_trip(run, arena, copy, session, folder, ret_schema, err);
	server_drop_database(copy, copy->canonical_name);
	(void)!folder_remove(folder, &ignored);
	(void)!folder_remove(copy_secrets(copy), &ignored);
	return status;
}

static int by_identity(const void *a, const void *b)
{
	const struct schema_object *left = a, *right = b;
	int order = strcmp(left->kind, right->kind);
	return order ? order : strcmp(left->name, right->name);
}

static const struct schema_object *find(const struct schema *schema, const struct schema_object *wanted)
{
	if (!schema->count)
		return NULL;
	return bsearch(wanted, schema->items, schema->count, sizeof(*wanted), by_identity);
}

/* Kinds that a schema-only dump of one database does not carry from server to server. */
static bool survives(const struct schema_difference *difference)
{
	static const char *const not_carried[] = {"database", "setting", "extension"};
	for (size_t i = 0; i < sizeof(not_carried) / sizeof(*not_carried); i++)
		if (strcmp(difference->before->kind, not_carried[i]) == 0)
			return false;
	/* The round trip leaves every materialised view unpopulated: there it is what was printed that counts. */
	return strcmp(difference->before->kind, "materialized view") != 0 ||
	       !strstr(difference->before->definition, " not populated") ==
	               !strstr(difference->after->definition, " not populated");
}

/* Only another way to print the same: both sides are there after the round trip, and equal. */
static bool is_print_only(const struct schema_difference *difference, const struct schema *a, const struct schema *b)
{
	if (difference->kind != DIFFERENCE_CHANGED || !survives(difference))
		return false;
	const struct schema_object *before = find(a, difference->before), *after = find(b, difference->after);
	return before && after && strcmp(before->definition, after->definition) == 0;
}

enum status canonical_compare(struct run *run, struct copy *copy, struct session *a, const struct schema *schema_a,
                              struct session *b, const struct schema *schema_b,
                              struct schema_difference_list *ret_differences, struct error *err)
{
	_cleanup_arena_ struct arena *scratch = arena_open();
	struct schema_difference_list printed = {0}, real = {0};
	struct schema canonical_a, canonical_b;
	bool doubtful = false;

	schema_compare(run->arena, schema_a, schema_b, &printed);
	for (size_t i = 0; i < printed.count; i++)
		doubtful = doubtful || (printed.items[i].kind == DIFFERENCE_CHANGED && survives(&printed.items[i]));
	if (!doubtful) {
		*ret_differences = printed;
		return OK;
	}
	if (canonical_schema(run, scratch, copy, a, &canonical_a, err) != OK ||
	    canonical_schema(run, scratch, copy, b, &canonical_b, err) != OK)
		return err->status;
	for (size_t i = 0; i < printed.count; i++)
		if (!is_print_only(&printed.items[i], &canonical_a, &canonical_b))
			list_push(run->arena, &real, printed.items[i]);
	*ret_differences = real;
	return OK;
}
