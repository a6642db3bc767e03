#include <string.h>

#include "base/arena.h"
#include "core/explain/impersonal.h"
#include "core/sql/index_proposal.h"
#include "core/sql/lexer.h"
#include "core/sql/query_print.h"
#include "fuzz.h"

static const char *arena_bytes(struct arena *arena, const uint8_t *bytes, size_t size)
{
	return arena_strndup(arena, (const char *)bytes, size);
}

static bool is_parameter(const char *text, struct token token)
{
	return text[token.start] == '$' && text[token.end - 1] != '$';
}

/* Nothing in quotes is left of a query but the mark for it. */
static void look_for_constants(const char *text)
{
	static const char MARK[] = "'...'";
	struct lexer lexer = {.text = text, .length = strlen(text)};
	for (struct token token; (token = lexer_next(&lexer)).kind != TOKEN_END;) {
		MUST(token.kind != TOKEN_UNTERMINATED && token.kind != TOKEN_COMMENT);
		bool quoted = token.kind == TOKEN_LITERAL && !is_parameter(text, token) &&
		              (text[token.end - 1] == '\'' || text[token.end - 1] == '$');
		MUST(!quoted || (token.end - token.start == strlen(MARK) &&
		                 memcmp(text + token.start, MARK, strlen(MARK)) == 0));
	}
}

/* Whatever is taken for a proposal is one: its own statements are read as the same proposal. */
static void look_at_proposal(struct arena *arena, const char *text)
{
	_cleanup_error_ struct error err = {0};
	struct index_proposal once, again;
	if (index_proposal_read(arena, text, &once, &err) != OK)
		return;
	MUST(index_proposal_read(arena, once.create, &again, &err) == OK);
	MUST(strcmp(once.create, again.create) == 0 && strcmp(once.trial, again.trial) == 0);
	MUST(strcmp(once.drop, again.drop) == 0);
}

static void look_at_expression(const char *text)
{
	_cleanup_strbuf_ struct strbuf once = {0}, twice = {0};
	expression_impersonal(&once, text);
	expression_impersonal(&twice, strbuf_text(&once));
	MUST(strcmp(strbuf_text(&once), strbuf_text(&twice)) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	_cleanup_arena_ struct arena *arena = arena_open();
	const char *text = arena_bytes(arena, bytes, size);
	struct query_print print;
	const char *normalized = query_normalize(arena, text);

	MUST(query_fingerprint(text, &print) == (normalized != NULL));
	if (normalized)
		look_for_constants(normalized);
	look_at_expression(text);
	look_at_proposal(arena, text);
	return 0;
}
