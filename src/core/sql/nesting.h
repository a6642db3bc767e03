/*
 * How deeply a statement nests, bounded from its tokens. Knows no grammar. libpg_query walks its trees by recursion
 * and unguarded: a chain of 10,000 operators ends the process, so such a statement must not reach it.
 */
#ifndef CORE_SQL_NESTING_H
#define CORE_SQL_NESTING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/sql/lexer.h"

/* Levels a parser may be sent: half of what a stack of 8 MiB was measured to carry. */
enum { NESTING_LIMIT = 2500, NESTING_LEVELS = 512 };

struct nesting {
	size_t level;  /* open parentheses and brackets */
	size_t total;  /* bound of the depth at the current token, all levels together */
	bool deep;     /* the limit was passed: nothing is counted any more but the open parentheses */
	struct {
		uint16_t links; /* tokens since the expression started: each can be a level */
		uint16_t joins; /* joins, set operations and CASEs: chains that commas do not break */
	} levels[NESTING_LEVELS];
};

void nesting_add(struct nesting *nesting, const struct lexer *lexer, struct token token);

/* Open parentheses and brackets now. */
size_t nesting_level(const struct nesting *nesting);

bool nesting_is_deep(const struct nesting *nesting);

#endif
