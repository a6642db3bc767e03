#include "core/sql/meta.h"

#include <string.h>

#include "core/sql/cut.h"

/* \restrict and \unrestrict are pg_dump's seal around a dump (since 18, and in all minor releases of August 2025). */
static const struct {
	const char *name;
	const char *argument; /* its first word must be this; NULL = any */
} ACCEPTED[] = {
	{.name = "\\set", .argument = "ON_ERROR_STOP"},
	{.name = "\\unset", .argument = "ON_ERROR_STOP"},
	{.name = "\\restrict"},
	{.name = "\\unrestrict"},
};

struct span {
	const char *text;
	size_t length;
};

static bool is_blank(char byte)
{
	return byte == ' ' || byte == '\t' || byte == '\r';
}

static bool span_is(struct span span, const char *word)
{
	return span.length == strlen(word) && memcmp(span.text, word, span.length) == 0;
}

/* The command's name runs to white space or the next backslash; names of one sign, like \!, are that sign. */
static struct span read_name(struct span line)
{
	size_t end = 1;
	bool letter = line.length > 1 && ((line.text[1] | 0x20) >= 'a' && (line.text[1] | 0x20) <= 'z');
	if (!letter)
		return (struct span){line.text, line.length > 1 ? 2 : 1};
	while (end < line.length && !is_blank(line.text[end]) && line.text[end] != '\\' && line.text[end] != ';')
		end++;
	return (struct span){line.text, end};
}

static struct span read_word(struct span line, size_t at)
{
	while (at < line.length && is_blank(line.text[at]))
		at++;
	size_t end = at;
	while (end < line.length && !is_blank(line.text[end]) && line.text[end] != '\\')
		end++;
	return (struct span){line.text + at, end - at};
}

static bool is_accepted(struct span name, struct span argument)
{
	for (size_t i = 0; i < sizeof(ACCEPTED) / sizeof(ACCEPTED[0]); i++)
		if (span_is(name, ACCEPTED[i].name) &&
		    (!ACCEPTED[i].argument || span_is(argument, ACCEPTED[i].argument)))
			return true;
	return false;
}

static enum status refuse(struct cutter *cutter, struct span name, size_t offset, bool inside, struct error *err)
{
	struct place place = locator_find(&cutter->locator, offset);
	error_set(err, FAIL_REFUSED, "psql command %.*s %s", (int)name.length, name.text,
	          inside ? "inside a statement" : "is not accepted");
	error_detail(err, "psql commands are not executed here; nothing of this file runs.");
	error_hint(err, inside ? "End the statement with a semicolon and remove the command."
	                       : "Remove the line, or put the SQL that it stands for into the file.");
	return error_where(err, cutter->file, place.line, place.column);
}

enum status meta_read(struct cutter *cutter, size_t offset, bool inside_statement, struct error *err)
{
	struct lexer *lexer = &cutter->lexer;
	const char *start = lexer->text + offset;
	const char *newline = memchr(start, '\n', lexer->length - offset);
	struct span line = {start, newline ? (size_t)(newline - start) : lexer->length - offset};
	struct span name = read_name(line);

	if (inside_statement || !is_accepted(name, read_word(line, name.length)))
		return refuse(cutter, name, offset, inside_statement, err);
	/* psql takes a second command on the same line. */
	const char *second = memchr(start + 1, '\\', line.length - 1);
	if (second) {
		struct span rest = {second, line.length - (size_t)(second - start)};
		return refuse(cutter, read_name(rest), offset + (size_t)(second - start), false, err);
	}
	lexer->at = offset + line.length;
	return OK;
}
