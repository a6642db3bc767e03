/*
 * One line typed with GNU readline: editing as the user's inputrc says, history, completion. Draws itself on a canvas;
 * reads no terminal and knows no command. One per process.
 */
#ifndef CONSOLE_PROMPT_H
#define CONSOLE_PROMPT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/list.h"
#include "console/terminal/canvas.h"

enum prompt_kind {
	PROMPT_COMMAND, /* : */
	PROMPT_SEARCH,  /* / */
	PROMPT_FILTER,  /* & */
};

enum prompt_outcome {
	PROMPT_GOES_ON,
	PROMPT_DONE, /* Enter: prompt_text is the line */
	PROMPT_LEFT, /* Esc, C-c, C-d on an empty line */
};

struct prompt;

/*
 * Adds the candidates for the word that begins at `start` of the line; those that do not begin with the word are left
 * out by the prompt.
 */
typedef void prompt_complete(void *context, struct arena *arena, const char *line, size_t start,
                             struct text_list *candidates);

/* The history is read from the file when it is there; NULL = none is kept. To be opened before the terminal. */
struct prompt *prompt_open(const char *history_path, prompt_complete *complete, void *context);
void prompt_close(struct prompt *prompt);

void prompt_begin(struct prompt *prompt, enum prompt_kind kind, const char *text);

/* Whether a line is being typed, and which kind it is. */
bool prompt_is_open(const struct prompt *prompt);
enum prompt_kind prompt_kind(const struct prompt *prompt);

enum prompt_outcome prompt_key(struct prompt *prompt, int key);

/* The line as it is now, or as it was when it was done; owned by the prompt. */
const char *prompt_text(const struct prompt *prompt);

/* On the area's last row, with the cursor; completions above it. */
void prompt_draw(const struct prompt *prompt, const struct area *area);

#endif
