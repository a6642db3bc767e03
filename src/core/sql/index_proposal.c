#include "core/sql/index_proposal.h"

#include <string.h>

#include "base/strbuf.h"
#include "base/text.h"
#include "core/sql/cut.h"
#include "core/sql/identifier.h"
#include "core/sql/tree.h"

/* NAMEDATALEN - 1 of PostgreSQL. */
enum { NAME_BYTES = 63 };
#define NAME_END "_idx"

static enum status refuse(struct arena *arena, const char *why, struct error *err)
{
	error_set(err, FAIL_USAGE, "this is not one CREATE INDEX: %s", safe_text(arena, why));
	return error_hint(err, "Write it as in CREATE INDEX ON orders (customer_id).");
}

/* The only statement of the text, without its semicolon. */
static enum status find_statement(struct arena *arena, const char *text, const char **ret_sql, struct error *err)
{
	struct cutter cutter;
	struct piece piece, other;
	bool found = false, more = false;
	_cleanup_error_ struct error problem = {0};

	cutter_init(&cutter, NULL, text, strlen(text), 0);
	if (cut_next(&cutter, &piece, &found, &problem) != OK ||
	    (found && cut_next(&cutter, &other, &more, &problem) != OK))
		return refuse(arena, problem.message, err);
	if (!found)
		return refuse(arena, "it is empty", err);
	if (more || piece.deep)
		return refuse(arena, more ? "there is a second statement" : "it nests too deeply", err);
	*ret_sql = arena_strndup(arena, text + piece.start, piece.end - piece.start);
	return OK;
}

/* ON is reserved: the first such word stands behind the name. */
static const char *behind_name(const char *sql)
{
	struct lexer lexer = {.text = sql, .length = strlen(sql)};
	for (struct token token; (token = lexer_next(&lexer)).kind != TOKEN_END;)
		if (token_is(&lexer, token, "ON"))
			return sql + token.start;
	return NULL;
}

/* ---- a name ---- */

static const char *column_word(const PgQuery__Node *node)
{
	const PgQuery__IndexElem *element =
		node->node_case == PG_QUERY__NODE__NODE_INDEX_ELEM ? node->index_elem : NULL;
	if (!element)
		return NULL;
	if (element->name && *element->name)
		return element->name;
	/* An expression goes by its function, as the server has it. */
	const PgQuery__Node *expression = element->expr;
	if (expression && expression->node_case == PG_QUERY__NODE__NODE_FUNC_CALL && expression->func_call->n_funcname)
		return tree_text(expression->func_call->funcname[expression->func_call->n_funcname - 1]);
	return "expr";
}

static const char *make_name(struct arena *arena, const PgQuery__IndexStmt *create)
{
	_cleanup_strbuf_ struct strbuf name = {0};
	strbuf_puts(&name, create->relation->relname);
	for (size_t i = 0; i < create->n_index_params; i++) {
		const char *word = column_word(create->index_params[i]);
		if (word)
			strbuf_printf(&name, "_%s", word);
	}
	size_t room = NAME_BYTES - strlen(NAME_END);
	size_t length = name.length > room ? text_valid_prefix(strbuf_text(&name), room) : name.length;
	return arena_printf(arena, "%.*s" NAME_END, (int)length, strbuf_text(&name));
}

/* ---- the statements ---- */

static void word_statements(struct arena *arena, const PgQuery__IndexStmt *create, const char *rest,
                            struct index_proposal *proposal)
{
	const char *schema = create->relation->schemaname, *unique = create->unique ? "UNIQUE " : "";

	proposal->name = *create->idxname ? arena_strdup(arena, create->idxname) : make_name(arena, create);
	proposal->table = sql_qualified(arena, schema && *schema ? arena_strdup(arena, schema) : NULL,
	                                arena_strdup(arena, create->relation->relname));
	proposal->qualified = sql_qualified(arena, schema && *schema ? arena_strdup(arena, schema) : NULL, proposal->name);
	proposal->trial = arena_printf(arena, "CREATE %sINDEX %s", unique, rest);
	proposal->create = arena_printf(arena, "CREATE %sINDEX CONCURRENTLY IF NOT EXISTS %s %s", unique,
	                                sql_identifier(arena, proposal->name), rest);
	proposal->drop = arena_printf(arena, "DROP INDEX CONCURRENTLY IF EXISTS %s", proposal->qualified);
}

enum status index_proposal_read(struct arena *arena, const char *text, struct index_proposal *ret_proposal,
                                struct error *err)
{
	const char *sql = NULL;
	if (find_statement(arena, text, &sql, err) != OK)
		return err->status;
	_cleanup_tree_parser_ struct tree_parser *parser = tree_parser_open();
	struct tree_problem problem = {0};
	const PgQuery__Node *node = tree_parse(parser, sql, &problem);
	if (!node)
		return refuse(arena, problem.message, err);
	const char *rest = node->node_case == PG_QUERY__NODE__NODE_INDEX_STMT ? behind_name(sql) : NULL;
	if (!rest)
		return refuse(arena, "it is another statement", err);
	word_statements(arena, node->index_stmt, rest, ret_proposal);
	return OK;
}
