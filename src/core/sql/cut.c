#include "core/sql/cut.h"

#include <string.h>

#include "core/sql/meta.h"
#include "core/sql/nesting.h"

void locator_init(struct locator *locator, const char *text)
{
	*locator = (struct locator){.text = text, .line = 1};
}

struct place locator_find(struct locator *locator, size_t offset)
{
	if (offset < locator->offset)
		locator_init(locator, locator->text);
	const char *text = locator->text;
	for (const char *newline; (newline = memchr(text + locator->offset, '\n', offset - locator->offset)) != NULL;) {
		locator->line++;
		locator->offset = locator->line_start = (size_t)(newline - text) + 1;
	}
	locator->offset = offset;

	struct place place = {.line = locator->line, .column = 1};
	for (size_t at = locator->line_start; at < offset; at++)
		place.column += (text[at] & 0xC0) != 0x80;
	return place;
}

void cutter_init(struct cutter *cutter, const char *file, const char *text, size_t length, size_t from)
{
	*cutter = (struct cutter){.lexer = {.text = text, .length = length, .at = from}, .file = file};
	locator_init(&cutter->locator, text);
}

/* What is known of the piece being cut. */
struct cut {
	struct piece *piece;
	size_t tokens;          /* comments are none */
	struct token previous;
	bool creates;           /* CREATE [OR REPLACE] */
	bool creates_routine;   /* ... FUNCTION or PROCEDURE: its body can hold semicolons (BEGIN ATOMIC) */
	bool begin;             /* the token before was a BEGIN */
	size_t body_depth;      /* of BEGIN ATOMIC and the CASEs in it */
	bool copies;            /* first word COPY */
	bool from;              /* the token before was a top-level FROM */
	struct nesting nesting;
};

static enum status refuse_at(struct cutter *cutter, size_t offset, struct error *err)
{
	struct place place = locator_find(&cutter->locator, offset);
	return error_where(err, cutter->file, place.line, place.column);
}

static enum status refuse_unterminated(struct cutter *cutter, struct token token, struct error *err)
{
	error_set(err, FAIL_REFUSED, "unterminated %s", token.unterminated);
	error_hint(err, "Close the %s that opens here; everything behind it was taken for a part of it.",
	           token.unterminated);
	return refuse_at(cutter, token.start, err);
}

static enum status check_comment(struct cutter *cutter, struct token token, struct error *err)
{
	const char *comment = cutter->lexer.text + token.start;
	size_t length = cutter->marker ? strlen(cutter->marker) : 0;
	size_t at = 2;

	if (!cutter->marker || comment[0] != '-')
		return OK;
	while (at < token.end - token.start && (comment[at] == ' ' || comment[at] == '\t'))
		at++;
	if (token.end - token.start - at < length || memcmp(comment + at, cutter->marker, length) != 0)
		return OK;
	error_set(err, FAIL_REFUSED, "directive outside the leading comment block");
	error_hint(err, "Move the line up, before the first statement.");
	return refuse_at(cutter, token.start, err);
}

/*
 * A routine in SQL-standard form has its statements between BEGIN ATOMIC and END; a CASE in it has an END of its own.
 * Behind a dot or AS these words are names.
 */
static void follow_body(struct cut *cut, const struct lexer *lexer, struct token token)
{
	bool name = cut->previous.kind == TOKEN_DOT || token_is(lexer, cut->previous, "AS");

	if (cut->tokens == 0)
		cut->creates = token_is(lexer, token, "CREATE");
	else if (cut->tokens <= 3 && cut->creates)
		cut->creates_routine |= token_is(lexer, token, "FUNCTION") || token_is(lexer, token, "PROCEDURE");
	if (!cut->creates_routine || nesting_level(&cut->nesting) > 0 || name)
		return;
	if (cut->begin && token_is(lexer, token, "ATOMIC"))
		cut->body_depth++;
	else if (cut->body_depth && token_is(lexer, token, "CASE"))
		cut->body_depth++;
	else if (cut->body_depth && token_is(lexer, token, "END"))
		cut->body_depth--;
	cut->begin = token_is(lexer, token, "BEGIN");
}

static void follow_copy(struct cut *cut, const struct lexer *lexer, struct token token)
{
	if (cut->tokens == 0)
		cut->copies = token_is(lexer, token, "COPY");
	if (!cut->copies || nesting_level(&cut->nesting) > 0)
		return;
	if (cut->from && token_is(lexer, token, "STDIN"))
		cut->piece->copy_in = true;
	cut->from = token_is(lexer, token, "FROM");
}

static void take_token(struct cut *cut, const struct lexer *lexer, struct token token)
{
	if (cut->tokens == 0)
		cut->piece->start = token.start;
	follow_body(cut, lexer, token);
	follow_copy(cut, lexer, token);
	nesting_add(&cut->nesting, lexer, token);
	cut->piece->end = token.end;
	cut->previous = token;
	cut->tokens++;
}

/* The rows start on the line below the semicolon and end before a line that is only "\.". */
static enum status take_copy_rows(struct cutter *cutter, struct piece *piece, struct error *err)
{
	struct lexer *lexer = &cutter->lexer;
	size_t at = lexer->at;
	while (at < lexer->length && (lexer->text[at] == ' ' || lexer->text[at] == '\t'))
		at++;
	if (at < lexer->length && lexer->text[at] != '\n') {
		error_set(err, FAIL_REFUSED, "text behind COPY ... FROM STDIN on the same line");
		error_hint(err, "Start the rows on the next line, and statements behind the line \"\\.\".");
		return refuse_at(cutter, at, err);
	}
	piece->data = at < lexer->length ? at + 1 : at;
	for (at = piece->data; at < lexer->length;) {
		const char *newline = memchr(lexer->text + at, '\n', lexer->length - at);
		size_t end = newline ? (size_t)(newline - lexer->text) : lexer->length;
		if (end - at == 2 && memcmp(lexer->text + at, "\\.", 2) == 0) {
			piece->data_end = at;
			lexer->at = newline ? end + 1 : end;
			return OK;
		}
		at = newline ? end + 1 : end;
	}
	error_set(err, FAIL_REFUSED, "COPY ... FROM STDIN without the end of its rows");
	error_hint(err, "End the rows with a line that is only \"\\.\".");
	return refuse_at(cutter, piece->start, err);
}

static enum status finish_piece(struct cutter *cutter, const struct cut *cut, struct piece *ret_piece,
                                bool *ret_found, struct error *err)
{
	enum status status = cut->piece->copy_in ? take_copy_rows(cutter, cut->piece, err) : OK;
	if (status == OK) {
		*ret_piece = *cut->piece;
		*ret_found = cut->tokens > 0;
	}
	return status;
}

static bool ends_piece(const struct cut *cut, struct token token)
{
	return token.kind == TOKEN_SEMICOLON && nesting_level(&cut->nesting) == 0 && cut->body_depth == 0;
}

enum status cut_next(struct cutter *cutter, struct piece *ret_piece, bool *ret_found, struct error *err)
{
	struct piece piece = {0};
	struct cut cut = {.piece = &piece};
	for (;;) {
		struct token token = lexer_next(&cutter->lexer);
		enum status status = OK;
		if (token.kind == TOKEN_UNTERMINATED) {
			return refuse_unterminated(cutter, token, err);
		} else if (token.kind == TOKEN_COMMENT) {
			status = check_comment(cutter, token, err);
		} else if (token.kind == TOKEN_BACKSLASH) {
			status = meta_read(cutter, token.start, cut.tokens > 0, err);
		} else if (token.kind == TOKEN_END || ends_piece(&cut, token)) {
			if (token.kind == TOKEN_SEMICOLON && cut.tokens == 0)
				continue;
			piece.deep = nesting_is_deep(&cut.nesting);
			return finish_piece(cutter, &cut, ret_piece, ret_found, err);
		} else {
			take_token(&cut, &cutter->lexer, token);
		}
		if (status != OK)
			return status;
	}
}
