/* A command's words from one line of configuration: blanks separate, quotes keep together. No shell, no expansion. */
#ifndef CLI_WORDS_H
#define CLI_WORDS_H

#include "base/arena.h"
#include "base/error.h"
#include "base/list.h"
#include "base/strbuf.h"

/*
 * Splits at blanks; '...' is taken as it is, "..." knows \" and \\, outside quotes \ takes the next character as it
 * is. Appends to the list. FAIL_USAGE for a quote that is not closed and a backslash at the end.
 */
enum status words_split(struct arena *arena, const char *text, struct text_list *ret_words,
                        struct error *err) MUST_CHECK;

/* Appends one word so that a shell and words_split read it back as it is. */
void words_quote(struct strbuf *out, const char *word);

#endif
