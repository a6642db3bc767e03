/* What the text form tells beside the tree: times, triggers, JIT, settings, the query. Knows no node. */
#ifndef CORE_EXPLAIN_TEXT_SUMMARY_H
#define CORE_EXPLAIN_TEXT_SUMMARY_H

#include "core/explain/reading/build.h"
#include "core/explain/reading/text_lines.h"

enum text_section { SECTION_NONE, SECTION_PLANNING, SECTION_JIT, SECTION_SERIALIZATION, SECTION_OTHER };

struct text_summary {
	enum text_section section; /* that lines belong to which are indented deeper */
	size_t indent;
};

/* Whether a line that is indented belongs to it, not to the tree. */
bool text_summary_is_open(const struct text_summary *summary);

void text_summary_take(struct plan_builder *builder, struct text_summary *summary, const struct text_line *line);

#endif
