#include "core/sql/tree.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <pg_query.h>

#include "base/memory.h"

/*
 * Unpacked trees are many small pieces that die together: they are cut from blocks. The first block is used again for
 * each statement; a large statement takes more, which go with its tree.
 */
enum { FIRST_BYTES = 32 * 1024, BLOCK_BYTES = 256 * 1024, PIECE_UNIT = 16 };

struct block {
	struct block *next;
	size_t used, size;
	max_align_t data[];
};

struct tree_parser {
	ProtobufCAllocator allocator;
	PgQueryProtobufParseResult result;
	struct block *blocks; /* the one being cut comes first, the first one last */
};

static struct block *block_new(size_t size, struct block *next)
{
	struct block *block = memory_new(sizeof(*block) + size);
	block->size = size;
	block->next = next;
	return block;
}

static void *pool_alloc(void *context, size_t size)
{
	struct tree_parser *parser = context;
	size_t rounded = (size + PIECE_UNIT - 1) / PIECE_UNIT * PIECE_UNIT;

	if (rounded > parser->blocks->size - parser->blocks->used)
		parser->blocks = block_new(rounded > BLOCK_BYTES ? rounded : BLOCK_BYTES, parser->blocks);
	void *piece = (char *)parser->blocks->data + parser->blocks->used;
	parser->blocks->used += rounded;
	return piece;
}

/* All of a tree goes at once. */
static void pool_free(void *context, void *piece)
{
	(void)context;
	(void)piece;
}

static void forget_result(struct tree_parser *parser)
{
	pg_query_free_protobuf_parse_result(parser->result);
	parser->result = (PgQueryProtobufParseResult){0};
}

static void release(struct tree_parser *parser)
{
	for (struct block *next; (next = parser->blocks->next) != NULL; parser->blocks = next)
		memory_free(parser->blocks);
	parser->blocks->used = 0;
	forget_result(parser);
}

struct tree_parser *tree_parser_open(void)
{
	struct tree_parser *parser = memory_new(sizeof(*parser));
	parser->blocks = block_new(FIRST_BYTES, NULL);
	parser->allocator =
		(ProtobufCAllocator){.alloc = pool_alloc, .free = pool_free, .allocator_data = parser};
	return parser;
}

void tree_parser_close(struct tree_parser *parser)
{
	if (!parser)
		return;
	release(parser);
	memory_free(parser->blocks);
	memory_free(parser);
}

void tree_parser_cleanup(struct tree_parser **parser)
{
	tree_parser_close(*parser);
}

static const PgQuery__Node *fail(struct tree_problem *problem, const char *message, long position)
{
	*problem = (struct tree_problem){.message = message, .position = position};
	return NULL;
}

const PgQuery__Node *tree_parse(struct tree_parser *parser, const char *sql, struct tree_problem *ret_problem)
{
	release(parser);
	parser->result = pg_query_parse_protobuf(sql);
	if (parser->result.error)
		return fail(ret_problem, parser->result.error->message, parser->result.error->cursorpos);

	const PgQueryProtobuf *packed = &parser->result.parse_tree;
	const PgQuery__ParseResult *tree = pg_query__parse_result__unpack(&parser->allocator, packed->len,
	                                                                  (const uint8_t *)packed->data);
	forget_result(parser); /* unpacking copied what it needs; of a large statement both would weigh */
	if (!tree)
		return fail(ret_problem, "the parser's tree could not be read", 0);
	if (tree->n_stmts != 1)
		return fail(ret_problem, "not exactly one statement", 0);
	return tree->stmts[0]->stmt;
}

int tree_parser_version(void)
{
	return PG_VERSION_NUM / 10000;
}

const ProtobufCMessage *tree_message(const PgQuery__Node *node)
{
	/* All members of the union are pointers to messages. */
	return node && node->node_case != PG_QUERY__NODE__NODE__NOT_SET ? &node->alias->base : NULL;
}

static const ProtobufCMessage *unwrap(const ProtobufCMessage *message)
{
	if (message && message->descriptor == &pg_query__node__descriptor)
		return tree_message((const PgQuery__Node *)message);
	return message;
}

static void walk_field(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field, tree_visitor visit,
                       void *context)
{
	const char *base = (const char *)message;
	const void *value = base + field->offset;

	if (field->label == PROTOBUF_C_LABEL_REPEATED) {
		size_t count = *(const size_t *)(const void *)(base + field->quantifier_offset);
		const ProtobufCMessage *const *items = *(const ProtobufCMessage *const *const *)value;
		for (size_t i = 0; i < count; i++)
			tree_walk(items[i], visit, context);
		return;
	}
	if (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) {
		uint32_t chosen = *(const uint32_t *)(const void *)(base + field->quantifier_offset);
		if (chosen != field->id)
			return;
	}
	tree_walk(*(const ProtobufCMessage *const *)value, visit, context);
}

void tree_walk(const ProtobufCMessage *message, tree_visitor visit, void *context)
{
	message = unwrap(message);
	if (!message || !visit(message, context))
		return;
	const ProtobufCMessageDescriptor *descriptor = message->descriptor;
	for (unsigned i = 0; i < descriptor->n_fields; i++)
		if (descriptor->fields[i].type == PROTOBUF_C_TYPE_MESSAGE)
			walk_field(message, &descriptor->fields[i], visit, context);
}

const char *tree_text(const PgQuery__Node *node)
{
	return node && node->node_case == PG_QUERY__NODE__NODE_STRING ? node->string->sval : NULL;
}

const PgQuery__DefElem *tree_option(PgQuery__Node *const *options, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (options[i]->node_case == PG_QUERY__NODE__NODE_DEF_ELEM &&
		    strcmp(options[i]->def_elem->defname, name) == 0)
			return options[i]->def_elem;
	return NULL;
}

/* The grammar gives a bare word as a String or as a type's name. */
static bool says_no(const PgQuery__Node *value)
{
	const char *word = tree_text(value);
	if (value && value->node_case == PG_QUERY__NODE__NODE_TYPE_NAME && value->type_name->n_names == 1)
		word = tree_text(value->type_name->names[0]);
	if (word)
		return strcmp(word, "false") == 0 || strcmp(word, "off") == 0;
	return value && value->node_case == PG_QUERY__NODE__NODE_INTEGER && value->integer->ival == 0;
}

bool tree_option_is_on(PgQuery__Node *const *options, size_t count, const char *name)
{
	const PgQuery__DefElem *option = tree_option(options, count, name);
	return option && !says_no(option->arg);
}

bool tree_option_is_off(PgQuery__Node *const *options, size_t count, const char *name)
{
	const PgQuery__DefElem *option = tree_option(options, count, name);
	return option && says_no(option->arg);
}

const char *tree_qualified(struct arena *arena, const char *schema, const char *name)
{
	if (!schema || !*schema)
		return arena_strdup(arena, name);
	return arena_printf(arena, "%s.%s", schema, name);
}

const char *tree_relation_name(struct arena *arena, const PgQuery__RangeVar *relation)
{
	return tree_qualified(arena, relation->schemaname, relation->relname);
}

const char *tree_list_name(struct arena *arena, PgQuery__Node *const *names, size_t count)
{
	const char *schema = count > 1 ? tree_text(names[count - 2]) : NULL;
	const char *name = count > 0 ? tree_text(names[count - 1]) : NULL;
	return name ? tree_qualified(arena, schema, name) : NULL;
}
