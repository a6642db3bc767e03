#include "console/model/source.h"

#include <string.h>

#include "core/migration/canonical.h"
#include "sys/file.h"

void source_clear(struct source *source)
{
	arena_close(source->arena);
	*source = (struct source){0};
}

/* The file may be another by now: then showing it would be a lie about the plan. */
static const char *read_text(struct source *source, const struct model_migration *migration)
{
	_cleanup_error_ struct error err = {0};
	_cleanup_strbuf_ struct strbuf content = {0};
	struct script script = {0};

	if (!migration->file || !migration->checksum)
		return "The run does not say which file this is.";
	if (file_read(migration->file, FILE_CEILING_BYTES, &content, &err) != OK)
		return arena_printf(source->arena, "The file can't be read here: %s.", err.message);
	char *bytes = arena_strndup(source->arena, strbuf_text(&content), content.length);
	struct source_file file = {.path = migration->file, .bytes = bytes, .length = content.length};
	if (canonical_read(source->arena, &file, &script, &err) != OK)
		return arena_printf(source->arena, "The file can't be shown: %s.", err.message);
	if (strcmp(script.canonical->hex, migration->checksum) != 0)
		return "The file has changed since this run read it: what is there now is not in the plan.";
	source->text = script.text;
	source->length = script.length;
	return NULL;
}

void source_read(struct source *source, const struct model_migration *migration)
{
	if (source->version && strcmp(source->version, migration->version) == 0)
		return;
	source_clear(source);
	source->arena = arena_open();
	source->version = arena_strdup(source->arena, migration->version);
	source->why_not = read_text(source, migration);
}
