#include "core/migration/draft.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#include "base/strbuf.h"
#include "base/text.h"
#include "core/migration/migration.h"

enum { NAME_MAX_BYTES = 100 };
#define FIRST_VERSION "001"

static const char BUILT_IN[] = "-- Migration: NNN_name\n"
			       "-- Description: what changes and why, in one line\n"
			       "-- Date: YYYY-MM-DD\n"
			       "-- Related Task: TASK-0\n"
			       "\n";

static const char DOWN[] =
	"-- Migration: NNN_name\n"
	"-- Description: the way back: undoes exactly what NNN_name.sql does\n"
	"\n"
	"-- Write it, or remove this file when nothing can bring the former state back.\n"
	"DO $$ BEGIN RAISE EXCEPTION 'the way back of NNN_name is not written yet'; END $$;\n";

static const char VERIFY[] = "-- What must be true when NNN_name.sql has run; a row whose first column is not true "
			     "fails.\n"
			     "SELECT false AS ok, 'nothing is asked of NNN_name yet' AS what;\n";

static bool is_word(char byte)
{
	return isalnum((unsigned char)byte) || byte == '_' || byte == '-';
}

/* The name as it could be: what is none of its characters becomes an underscore. */
static const char *correct(struct arena *arena, const char *name)
{
	_cleanup_strbuf_ struct strbuf text = {0};

	for (; *name && text.length < NAME_MAX_BYTES; name++) {
		if (is_word(*name) && (text.length || isalpha((unsigned char)*name)))
			strbuf_putc(&text, *name);
		else if (text.length && text.data[text.length - 1] != '_')
			strbuf_putc(&text, '_');
	}
	while (text.length && !isalnum((unsigned char)text.data[text.length - 1]))
		text.data[--text.length] = '\0';
	return text.length ? arena_strdup(arena, text.data) : NULL;
}

static enum status check_name(struct arena *arena, const char *name, struct error *err)
{
	const char *problem = NULL, *end = name;

	while (is_word(*end))
		end++;
	if (!*name)
		problem = "it is empty";
	else if (*end)
		problem = "it has other characters than letters, digits, _ and -";
	else if (!isalpha((unsigned char)*name))
		problem = "it does not begin with a letter: the number comes by itself";
	else if (strlen(name) > NAME_MAX_BYTES)
		problem = "it is longer than 100 characters";
	if (!problem)
		return OK;
	const char *better = correct(arena, name);
	error_set(err, FAIL_USAGE, "\"%s\" cannot be the name of a migration: %s", safe_text(arena, name), problem);
	if (better)
		return error_hint(err, "Did you mean \"%s\"?", better);
	return error_hint(err, "Say what changes, as in `pgsluice new add_orders_index`.");
}

/* The digits that a file name begins with; NULL for a file that is none of a migration. */
static const char *version_of(struct arena *arena, const char *file)
{
	enum file_kind kind = file_kind_of(file);
	if (kind == FILE_IGNORED || kind == FILE_BAD_NAME)
		return NULL;
	return arena_strndup(arena, file, strspn(file, "0123456789"));
}

static enum status check_siblings(struct arena *arena, const struct draft_request *request, struct error *err)
{
	const char *tail = arena_printf(arena, "_%s.sql", request->name);

	for (size_t i = 0; i < request->siblings->count; i++) {
		const char *file = request->siblings->items[i], *version = version_of(arena, file);
		if (!version || strcmp(file + strlen(version), tail) != 0)
			continue;
		error_set(err, FAIL_USAGE, "there is a migration of that name already: %s", file);
		return error_hint(err, "Choose another name: it is how people tell migrations apart.");
	}
	return OK;
}

/* One more, with as many digits; 999 becomes 1000. */
static const char *successor(struct arena *arena, const char *version)
{
	char *digits = arena_printf(arena, "0%s", version);
	size_t at = strlen(digits) - 1;

	while (digits[at] == '9')
		digits[at--] = '0';
	digits[at]++;
	return digits[0] == '0' ? digits + 1 : digits;
}

static const char *next_version(struct arena *arena, const struct text_list *siblings)
{
	const char *highest = NULL;

	for (size_t i = 0; i < siblings->count; i++) {
		const char *version = version_of(arena, siblings->items[i]);
		if (version && (!highest || version_compare(version, highest) > 0))
			highest = version;
	}
	return highest ? successor(arena, highest) : FIRST_VERSION;
}

static void replace(struct strbuf *text, const char *token, const char *value)
{
	_cleanup_strbuf_ struct strbuf result = {0};
	const char *at = strbuf_text(text), *found;

	for (; (found = strstr(at, token)) != NULL; at = found + strlen(token)) {
		strbuf_add(&result, at, (size_t)(found - at));
		strbuf_puts(&result, value);
	}
	strbuf_puts(&result, at);
	strbuf_reset(text);
	strbuf_add(text, strbuf_text(&result), result.length);
}

static const char *fill(struct arena *arena, const struct draft_request *request, const char *version,
                        const char *template)
{
	_cleanup_strbuf_ struct strbuf text = {0};

	strbuf_puts(&text, template);
	replace(&text, "NNN_name", arena_printf(arena, "%s_%s", version, request->name));
	replace(&text, "YYYY-MM-DD", request->date);
	if (request->task)
		replace(&text, "TASK-0", request->task);
	return arena_strndup(arena, strbuf_text(&text), text.length);
}

/* ---- an index ---- */

static const char INDEX_NOTE[] =
	"-- Built without blocking a write, outside any transaction. IF NOT EXISTS makes a second run harmless; over an\n"
	"-- index that an interrupted build left invalid the tool refuses it.\n";

static const char *index_header(struct arena *arena, const struct draft_request *request, const char *description)
{
	return arena_printf(arena, "-- Migration: NNN_name\n-- Description: %s\n-- Date: YYYY-MM-DD\n%s\n", description,
	                    request->task ? "-- Related Task: TASK-0\n" : "");
}

static const char *index_up(struct arena *arena, const struct draft_request *request)
{
	const struct index_proposal *index = request->index;
	const char *what = arena_printf(arena, "index %s on %s", index->name, index->table);
	_cleanup_strbuf_ struct strbuf line = {0};

	/* A line break in a quoted name would end the comment and begin SQL. */
	text_safe(&line, what, strlen(what), false);
	return arena_printf(arena, "%s%s%s;\n", index_header(arena, request, strbuf_text(&line)), INDEX_NOTE,
	                    index->create);
}

static const char *index_down(struct arena *arena, const struct index_proposal *index)
{
	return arena_printf(arena, "-- Migration: NNN_name\n-- Description: without this index; queries may get slow, "
	                           "nothing is lost\n\n%s;\n", index->drop);
}

/* 'text' with its quotes doubled. */
static const char *literal(struct arena *arena, const char *text)
{
	_cleanup_strbuf_ struct strbuf out = {0};
	strbuf_putc(&out, '\'');
	for (; *text; text++) {
		if (*text == '\'')
			strbuf_putc(&out, '\'');
		strbuf_putc(&out, *text);
	}
	strbuf_putc(&out, '\'');
	return arena_strdup(arena, strbuf_text(&out));
}

static const char *index_verify(struct arena *arena, const struct index_proposal *index)
{
	return arena_printf(arena,
	                    "SELECT coalesce(bool_and(i.indisvalid AND i.indisready), false) AS ok, %s AS what\n"
	                    "FROM pg_index i\nWHERE i.indexrelid = to_regclass(%s);\n",
	                    literal(arena, arena_printf(arena, "index %s is there and valid", index->qualified)),
	                    literal(arena, index->qualified));
}

const char *draft_index_name(struct arena *arena, const struct index_proposal *index)
{
	return correct(arena, arena_printf(arena, "add_%s", index->name));
}

enum status draft_make(struct arena *arena, const struct draft_request *request, struct draft *ret_draft,
                       struct error *err)
{
	if (check_name(arena, request->name, err) != OK || check_siblings(arena, request, err) != OK)
		return err->status;
	const char *version = next_version(arena, request->siblings);
	*ret_draft = (struct draft){
		.version = version,
		.up_name = arena_printf(arena, "%s_%s.sql", version, request->name),
		.down_name = arena_printf(arena, "%s_%s.down.sql", version, request->name),
		.verify_name = arena_printf(arena, "%s_%s.verify.sql", version, request->name),
		.up = fill(arena, request, version, request->template ? request->template : BUILT_IN),
		.down = fill(arena, request, version, DOWN),
		.verify = fill(arena, request, version, VERIFY),
	};
	if (request->index) {
		ret_draft->up = fill(arena, request, version, index_up(arena, request));
		ret_draft->down = fill(arena, request, version, index_down(arena, request->index));
		ret_draft->verify = index_verify(arena, request->index);
	}
	return OK;
}
