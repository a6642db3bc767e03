/*
 * The text form of a query plan as lines that each say one thing: what was broken over several, a literal or the text
 * of the query, is one again. Knows what a line is, not what it means.
 */
#ifndef CORE_EXPLAIN_TEXT_LINES_H
#define CORE_EXPLAIN_TEXT_LINES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"

enum text_line_kind {
	LINE_NODE,     /* with its "->" taken away */
	LINE_HEADING,  /* "InitPlan 1 (returns $0)", "SubPlan 2", "CTE x": of the node behind it */
	LINE_WORKER,   /* "Worker 0:"; text is what follows, or empty */
	LINE_PROPERTY, /* "Key: value" */
	LINE_OTHER,
};

struct text_line {
	enum text_line_kind kind;
	size_t indent;
	const char *text;   /* without indentation; in the arena */
	size_t key_length;  /* of a property */
	const char *value;  /* of a property */
	int worker;
};

struct text_lines {
	struct text_line *items;
	size_t count, room;
};

/* Fills in key and value of a text that is "Key: value"; the kind stays as it is. */
void text_line_cut_key(struct text_line *line);

/* The first node is the root; what stands before it is the query's text, or other people's words. */
void text_lines_read(struct arena *arena, const char *text, size_t length, struct text_lines *ret_lines);

#endif
