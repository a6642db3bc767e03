/* Query plans of real servers, read for the tests of this folder from tests/unit/core/explain/plans. */
#ifndef TESTS_UNIT_CORE_EXPLAIN_PLANS_H
#define TESTS_UNIT_CORE_EXPLAIN_PLANS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/strbuf.h"
#include "core/explain/query_plan.h"

/* Times in the files have three digits, so sums of them are exact to less than this. */
#define EXACT 0.0005

#define assert_near(expected, actual)                                                                  \
	do {                                                                                           \
		double e = (expected), a = (actual);                                                   \
		if (!(a > e - EXACT && a < e + EXACT))                                                 \
			fail_msg("%s is %.6f, not %.6f", #actual, a, e);                               \
	} while (0)

static inline void read_file(const char *name, struct strbuf *ret_text)
{
	char path[1024], piece[4096];
	snprintf(path, sizeof(path), SOURCE_FOLDER "/tests/unit/core/explain/plans/%s", name);
	FILE *file = fopen(path, "r");
	if (!file)
		fail_msg("no %s", path);
	for (size_t got; (got = fread(piece, 1, sizeof(piece), file)) > 0;)
		strbuf_add(ret_text, piece, got);
	fclose(file);
}

static inline struct query_plan *read_text(struct arena *arena, const char *text)
{
	_cleanup_error_ struct error err = {0};
	struct query_plan *plan = NULL;
	if (query_plan_read(arena, text, strlen(text), &plan, &err))
		fail_msg("%s: %s", text, err.message);
	return plan;
}

static inline struct query_plan *read_plan(struct arena *arena, const char *name)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	read_file(name, &text);
	return read_text(arena, strbuf_text(&text));
}

/* The node whose title begins like this; `nth` from 0 when there are several. */
static inline struct plan_node *node_at(struct arena *arena, struct query_plan *plan, const char *title, size_t nth)
{
	for (size_t i = 0; i < plan->nodes.count; i++)
		if (strncmp(plan_node_title(arena, &plan->nodes.items[i]), title, strlen(title)) == 0 && nth-- == 0)
			return &plan->nodes.items[i];
	fail_msg("no node %s", title);
	return NULL;
}

#endif
