/* The style sheet of the page that `explain --format html` writes: share/explain.css, embedded at build. */
#ifndef CLI_EXPLAIN_STYLE_H
#define CLI_EXPLAIN_STYLE_H

extern const char EXPLAIN_STYLE[];

#endif
