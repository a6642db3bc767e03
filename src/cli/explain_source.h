/* What `explain` is given: a plan or a query, from an operand, a file or standard input; told apart by what it says. */
#ifndef CLI_EXPLAIN_SOURCE_H
#define CLI_EXPLAIN_SOURCE_H

#include "cli/options.h"
#include "core/explain/query_plan.h"

struct explain_source {
	const char *text;
	struct query_plan *plan; /* NULL = the text is a query */
};

/* All of a file, or of standard input for "-"; in the arena. FAIL_USAGE, FAIL_REFUSED over 64 MiB. */
enum status explain_source_read(struct arena *arena, const char *path, const char **ret_text,
                                struct error *err) MUST_CHECK;

/* Which of the two a text is. A text that is neither is FAIL_USAGE, in the words of the plan's reader. */
enum status explain_source_judge(struct arena *arena, const char *text, struct explain_source *ret_source,
                                 struct error *err) MUST_CHECK;

/* Reads and judges what the options name. FAIL_USAGE when that is nothing, or two things at once. */
enum status explain_source_find(struct arena *arena, const struct options *options,
                                struct explain_source *ret_source, struct error *err) MUST_CHECK;

#endif
