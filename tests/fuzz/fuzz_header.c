#include <string.h>

#include "core/migration/graph.h"
#include "fuzz.h"

static enum status read_bytes(struct arena *arena, const char *bytes, size_t size, struct migration_set *set,
                              struct error *err)
{
	struct source_file files[] = {
		{"001_first.sql", "001_first.sql", arena_strdup(arena, "CREATE TABLE t (a int)"), 22},
		{"002_fuzz.sql", "002_fuzz.sql", arena_strndup(arena, bytes, size), size},
	};
	return migrations_read(arena, "fuzz", "schema_migrations", files, 2, set, err);
}

/* Headers, directives and checksums: a refusal says where; canonical text read again is itself. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	_cleanup_arena_ struct arena *arena = arena_open();
	_cleanup_error_ struct error err = {0};
	struct migration_set set, again;
	struct graph graph;

	if (read_bytes(arena, (const char *)bytes, size, &set, &err) != OK) {
		MUST(err.status == FAIL_REFUSED && err.message && err.hint && err.line > 0);
		MUST(strcmp(err.file, "002_fuzz.sql") == 0);
		return 0;
	}
	const struct migration *migration = &set.items[1];
	MUST(migration->up.body <= migration->up.length && migration->up.length <= size);
	MUST(migration->requires.count == migration->requires_lines.count);
	for (size_t i = 0; i < migration->headers.count; i++)
		MUST(*migration->headers.items[i].key && migration->headers.items[i].line > 0);

	MUST(read_bytes(arena, migration->up.text, migration->up.length, &again, &err) == OK);
	MUST(strcmp(again.items[1].up.canonical->hex, migration->up.canonical->hex) == 0);

	if (migrations_parse(arena, &set, NULL, &err) == OK && graph_build(arena, &set, &graph, &err) == OK)
		return 0;
	MUST(err.status == FAIL_REFUSED && err.message && err.hint && err.file);
	return 0;
}
