#include <string.h>

#include "core/sql/cut.h"
#include "core/sql/statement.h"
#include "fuzz.h"

/* What may stand between two pieces: white space, semicolons, comments and accepted psql commands. */
static void check_gap(const char *text, size_t from, size_t to)
{
	struct lexer lexer = {.text = text, .length = to, .at = from};
	for (;;) {
		struct token token = lexer_next(&lexer);
		if (token.kind == TOKEN_END)
			return;
		MUST(token.kind == TOKEN_COMMENT || token.kind == TOKEN_SEMICOLON || token.kind == TOKEN_BACKSLASH);
		const char *newline = token.kind == TOKEN_BACKSLASH ? memchr(text + token.end, '\n', to - token.end) : NULL;
		if (token.kind == TOKEN_BACKSLASH)
			lexer.at = newline ? (size_t)(newline - text) : to;
	}
}

/* The pieces are in order, and nothing that means something is left out between them. */
static size_t check_pieces(const char *text, size_t length)
{
	struct cutter cutter;
	size_t done = 0, count = 0;
	cutter_init(&cutter, "fuzz.sql", text, length, 0);
	for (;; count++) {
		_cleanup_error_ struct error err = {0};
		struct piece piece;
		bool found = false;
		if (cut_next(&cutter, &piece, &found, &err) != OK) {
			MUST(err.status == FAIL_REFUSED && err.message && err.hint && err.line > 0 && err.column > 0);
			return SIZE_MAX;
		}
		if (!found) {
			check_gap(text, done, length);
			return count;
		}
		MUST(piece.start >= done && piece.end > piece.start && piece.end <= length);
		check_gap(text, done, piece.start);
		done = piece.end;
		if (piece.copy_in) {
			MUST(piece.data > piece.end && piece.data_end >= piece.data);
			MUST(piece.data_end + 2 <= length && memcmp(text + piece.data_end, "\\.", 2) == 0);
			check_gap(text, done, piece.data);
			done = piece.data_end + 2;
		}
	}
}

/* cut_next and statements_read: no text ends the process, and every piece becomes a statement. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	_cleanup_arena_ struct arena *arena = arena_open();
	_cleanup_error_ struct error err = {0};
	char *text = arena_strndup(arena, (const char *)bytes, size);
	size_t count = check_pieces((const char *)bytes, size);

	struct statement_source source = {.file = "fuzz.sql", .text = text, .length = size, .marker = "pgsluice:"};
	struct statement_list list = {0};
	enum status status = statements_read(arena, &source, &list, &err);
	MUST(status == OK || err.status == FAIL_REFUSED);
	if (status != OK)
		return 0;
	MUST(list.count == count);
	for (size_t i = 0; i < list.count; i++) {
		MUST(list.items[i].line > 0 && list.items[i].column > 0 && list.items[i].tag);
		MUST(list.items[i].parsed || (list.items[i].problem && list.items[i].problem->line >= list.items[i].line));
	}
	return 0;
}
