#include "engine/execute/sql_file.h"

#include "core/migration/canonical.h"
#include "core/sql/statement.h"
#include "pg/pipeline.h"
#include "sys/file.h"

static enum status run_statement(struct session *session, const struct statement *statement, struct error *err)
{
	int64_t rows;
	if (statement->copy_in)
		return copy_in(session, statement->sql, statement->copy_data, statement->copy_length, &rows, err);
	return session_exec(session, statement->sql, err);
}

enum status sql_file_run(struct session *session, const char *path, int64_t ceiling_bytes, struct error *err)
{
	_cleanup_arena_ struct arena *arena = arena_open();
	_cleanup_strbuf_ struct strbuf text = {0};
	struct statement_list statements = {0};
	struct script script;

	if (file_read(path, (size_t)ceiling_bytes, &text, err) != OK)
		return err->status;
	const struct source_file file = {.name = path,
	                                 .path = path,
	                                 .bytes = arena_strndup(arena, strbuf_text(&text), text.length),
	                                 .length = text.length};
	if (canonical_read(arena, &file, &script, err) != OK)
		return err->status;
	const struct statement_source source = {.file = path, .text = script.text, .length = script.length};
	if (statements_read(arena, &source, &statements, err) != OK)
		return err->status;
	for (size_t i = 0; i < statements.count; i++) {
		const struct statement *statement = &statements.items[i];
		if (run_statement(session, statement, err) != OK)
			return error_where(err, path, statement->line, statement->column);
	}
	return OK;
}
