/*
 * A query plan and what is said about it, or two and what changed, in each form that `explain` prints. Pure: knows no
 * file and no server.
 */
#ifndef CLI_EXPLAIN_PRINT_H
#define CLI_EXPLAIN_PRINT_H

#include <stdbool.h>

#include "base/json.h"
#include "base/strbuf.h"
#include "core/explain/explained.h"

/* How lines for people are written. */
struct explain_look {
	bool glyphs; /* UTF-8 */
	bool colour;
	int width;   /* text is wrapped to it; 0 = never */
};

void explain_print_text(struct strbuf *out, const struct explained *explained, const struct explain_look *look);
void explain_print_text_diff(struct strbuf *out, const struct plan_comparison *comparison,
                             const struct explain_look *look);

/* The documents that pgsluice(1) describes; the caller owns them. */
struct json *explain_json(const struct explained *explained);
struct json *explain_diff_json(const struct plan_comparison *comparison);

/* Graphviz: nodes with their share of the time as shade, arrows with the rows that flow. */
void explain_print_dot(struct strbuf *out, const struct explained *explained);
void explain_print_dot_diff(struct strbuf *out, const struct plan_comparison *comparison);

/* One page that needs nothing beside itself: no script, no network, all text from outside escaped. */
void explain_print_html(struct strbuf *out, const struct explained *explained);
void explain_print_html_diff(struct strbuf *out, const struct plan_comparison *comparison);

#endif
