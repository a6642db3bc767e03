#include "core/sql/nesting.h"

/* Behind these an expression starts anew: lists of AND and OR are flat in the tree. */
static const char *const BREAKS[] = {"AND", "OR", "WHEN", "SELECT", "JOIN", "UNION", "INTERSECT", "EXCEPT"};
/* Of these each is a level, however short what stands between. */
static const char *const CHAINS[] = {"JOIN", "UNION", "INTERSECT", "EXCEPT", "CASE"};

static bool is_one_of(const struct lexer *lexer, struct token token, const char *const *words, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (token_is(lexer, token, words[i]))
			return true;
	return false;
}

#define IS_ONE_OF(lexer, token, words) is_one_of(lexer, token, words, sizeof(words) / sizeof((words)[0]))

static void open_level(struct nesting *nesting)
{
	nesting->level++;
	if (nesting->level >= NESTING_LEVELS)
		nesting->deep = true;
	else
		nesting->levels[nesting->level].links = nesting->levels[nesting->level].joins = 0;
}

static void close_level(struct nesting *nesting)
{
	if (nesting->level == 0)
		return;
	if (!nesting->deep) {
		nesting->total -= nesting->levels[nesting->level].links;
		nesting->total -= nesting->levels[nesting->level].joins;
	}
	nesting->level--;
}

static void break_chain(struct nesting *nesting)
{
	nesting->total -= nesting->levels[nesting->level].links;
	nesting->levels[nesting->level].links = 0;
}

static void add_level(struct nesting *nesting, uint16_t *counter)
{
	++*counter;
	if (++nesting->total > NESTING_LIMIT)
		nesting->deep = true;
}

static void end_statement(struct nesting *nesting)
{
	nesting->total -= nesting->levels[nesting->level].joins;
	nesting->levels[nesting->level].joins = 0;
	break_chain(nesting);
}

static void add_token(struct nesting *nesting, const struct lexer *lexer, struct token token)
{
	if (token.kind == TOKEN_COMMA || IS_ONE_OF(lexer, token, BREAKS))
		break_chain(nesting);
	else
		add_level(nesting, &nesting->levels[nesting->level].links);
	if (IS_ONE_OF(lexer, token, CHAINS))
		add_level(nesting, &nesting->levels[nesting->level].joins);
}

void nesting_add(struct nesting *nesting, const struct lexer *lexer, struct token token)
{
	if (token.kind == TOKEN_CLOSE)
		close_level(nesting);
	else if (!nesting->deep && token.kind == TOKEN_SEMICOLON)
		end_statement(nesting);
	else if (!nesting->deep)
		add_token(nesting, lexer, token);
	if (token.kind == TOKEN_OPEN)
		open_level(nesting);
}

size_t nesting_level(const struct nesting *nesting)
{
	return nesting->level;
}

bool nesting_is_deep(const struct nesting *nesting)
{
	return nesting->deep;
}
