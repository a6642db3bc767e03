/* Builds migration sets from texts for the tests of core/migration and core/rules. */
#ifndef TESTS_UNIT_CORE_MIGRATION_SETS_H
#define TESTS_UNIT_CORE_MIGRATION_SETS_H

#include <string.h>

#include "base/strbuf.h"
#include "core/migration/migration.h"

struct text_file {
	const char *name, *text;
};

/* Reads and parses files given by name and text; the list ends at a NULL name. */
static inline enum status read_texts(struct arena *arena, const struct text_file *files, struct migration_set *set,
                                     struct error *err)
{
	LIST(struct source_file) sources = {0};
	for (; files->name; files++) {
		struct source_file source = {.name = files->name,
		                             .path = arena_printf(arena, "m/%s", files->name),
		                             .bytes = arena_strdup(arena, files->text),
		                             .length = strlen(files->text)};
		list_push(arena, &sources, source);
	}
	if (migrations_read(arena, "m", "schema_migrations", sources.items, sources.count, set, err) != OK)
		return err->status;
	return migrations_parse(arena, set, NULL, err);
}

/* "file:line:column: message", with the parts that are known. */
static inline void write_error(struct strbuf *out, const struct error *err)
{
	if (err->file)
		strbuf_puts(out, err->file);
	if (err->line)
		strbuf_printf(out, ":%ld", err->line);
	if (err->column)
		strbuf_printf(out, ":%ld", err->column);
	strbuf_printf(out, "%s%s", err->file ? ": " : "", err->message);
}

/* "[CREATE TABLE, INSERT] VACUUM": transactional steps in brackets. */
static inline void write_steps(struct strbuf *out, const struct script *script)
{
	for (size_t s = 0; s < script->steps.count; s++) {
		const struct step *step = &script->steps.items[s];
		strbuf_puts(out, s ? " " : "");
		strbuf_puts(out, step->transactional ? "[" : "");
		for (size_t i = 0; i < step->count; i++)
			strbuf_printf(out, "%s%s%s", i ? ", " : "", step->statements[i].tag,
			              step->statements[i].concurrent_index ? " CONCURRENTLY" : "");
		strbuf_puts(out, step->transactional ? "]" : "");
	}
}

#endif
