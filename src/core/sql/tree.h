/*
 * One statement's parse tree from libpg_query, and a walk over it that needs no list of node kinds. Knows no meaning.
 * For core/sql and core/rules only.
 */
#ifndef CORE_SQL_TREE_H
#define CORE_SQL_TREE_H

#include <stdbool.h>
#include <stddef.h>

#include <pg_query/pg_query.pb-c.h>

#include "base/arena.h"

struct tree_parser;

/* Why a text did not parse. */
struct tree_problem {
	const char *message; /* the parser's, valid until the next parse */
	long position;       /* 1-based, in characters of the text; 0 = unknown */
};

struct tree_parser *tree_parser_open(void);
void tree_parser_close(struct tree_parser *parser); /* NULL does nothing */
void tree_parser_cleanup(struct tree_parser **parser);
#define _cleanup_tree_parser_ __attribute__((cleanup(tree_parser_cleanup)))

/*
 * Parses the text of one statement. The tree lives until the next parse by the same parser. NULL when it does not
 * parse or is not exactly one statement; *ret_problem says why. The text must have passed nesting_is_deep.
 */
const PgQuery__Node *tree_parse(struct tree_parser *parser, const char *sql, struct tree_problem *ret_problem);

/* Major version of the PostgreSQL whose parser this is. */
int tree_parser_version(void);

/* Sees a message; false = do not look into it. */
typedef bool (*tree_visitor)(const ProtobufCMessage *message, void *context);

/* Visits the message and, depth first, all in it. The wrapping Node messages are not shown. NULL does nothing. */
void tree_walk(const ProtobufCMessage *message, tree_visitor visit, void *context);

/* The message in a Node, and NULL for NULL. */
const ProtobufCMessage *tree_message(const PgQuery__Node *node);

/* The text of a String node, else NULL. */
const char *tree_text(const PgQuery__Node *node);

/*
 * An option of WITH (...) or (...), by name, or NULL; and whether it is switched on or off by its value (defGetBoolean
 * of PostgreSQL). An option that is not there is neither.
 */
const PgQuery__DefElem *tree_option(PgQuery__Node *const *options, size_t count, const char *name);
bool tree_option_is_on(PgQuery__Node *const *options, size_t count, const char *name);
bool tree_option_is_off(PgQuery__Node *const *options, size_t count, const char *name);

/* "schema.name" or "name": of a relation, and of a list of String nodes (a catalog name before them is dropped). */
const char *tree_relation_name(struct arena *arena, const PgQuery__RangeVar *relation);
const char *tree_list_name(struct arena *arena, PgQuery__Node *const *names, size_t count);

/* "schema.name" or "name"; an empty or NULL schema is left out. */
const char *tree_qualified(struct arena *arena, const char *schema, const char *name);

#endif
