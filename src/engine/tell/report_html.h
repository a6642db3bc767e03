/* The report as one HTML file with pictures, which loads nothing and runs nothing. Knows no database. */
#ifndef ENGINE_REPORT_HTML_H
#define ENGINE_REPORT_HTML_H

#include "engine/tell/report.h"

/* share/report.css, embedded at build. */
extern const char REPORT_STYLE[];

void report_html(struct strbuf *out, const struct report *report);

#endif
