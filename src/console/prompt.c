#include "console/prompt.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <readline/history.h>
#include <readline/readline.h>

#include "base/memory.h"
#include "console/feed.h"
#include "console/keymap.h"

enum { HISTORY_MAX = 500, SHOWN_ROWS_MAX = 6, KEY_CANCEL = 3 };

/* The last lines of one kind; readline has those of the kind that is being typed. */
struct lines {
	char *items[HISTORY_MAX];
	size_t count;
};

struct prompt {
	bool open, done, left;
	enum prompt_kind kind;
	char *text; /* when done */
	const char *history_path;
	prompt_complete *complete;
	void *context;
	FILE *nowhere; /* what readline would write to a terminal */
	struct arena *arena; /* of one line */
	struct text_list candidates; /* shown above the line */
	size_t next_candidate;
	struct lines commands, searches;
};

/* Readline has one line at a time, in variables of its own, and its hooks have no context. */
static struct prompt *the_prompt;

static const char *const SIGNS[] = {[PROMPT_COMMAND] = ":", [PROMPT_SEARCH] = "/", [PROMPT_FILTER] = "&"};

static void draw_later(void)
{
	/* The console draws the whole screen after each key. */
}

static void leave_terminal_alone(int meta)
{
	(void)meta;
}

static void leave_terminal_alone_too(void)
{
}

static void take_line(char *line)
{
	struct prompt *prompt = the_prompt;
	rl_callback_handler_remove();
	prompt->done = line != NULL;
	prompt->left = line == NULL;
	memory_free(prompt->text);
	prompt->text = memory_strdup(line ? line : "");
	free(line);
}

static char *next_match(const char *word, int state)
{
	struct prompt *prompt = the_prompt;
	size_t length = strlen(word);
	if (state == 0)
		prompt->next_candidate = 0;
	while (prompt->next_candidate < prompt->candidates.count) {
		const char *candidate = prompt->candidates.items[prompt->next_candidate++];
		if (strncmp(candidate, word, length) == 0)
			return memory_strdup(candidate); /* readline frees it */
	}
	return NULL;
}

static char **complete(const char *word, int start, int end)
{
	struct prompt *prompt = the_prompt;
	(void)end;
	rl_attempted_completion_over = 1; /* never file names */
	prompt->candidates = (struct text_list){0};
	if (prompt->kind == PROMPT_COMMAND && prompt->complete)
		prompt->complete(prompt->context, prompt->arena, rl_line_buffer, (size_t)start, &prompt->candidates);
	char **matches = rl_completion_matches(word, next_match);
	prompt->candidates = (struct text_list){0};
	return matches;
}

static void show_matches(char **matches, int count, int longest)
{
	struct prompt *prompt = the_prompt;
	(void)longest;
	prompt->candidates = (struct text_list){0};
	for (int i = 1; i <= count; i++) /* the first is what they have in common */
		text_list_add_once(prompt->arena, &prompt->candidates, matches[i]);
}

/* Readline must not touch the terminal, which is curses', nor signals, nor the environment. */
static void tame_readline(struct prompt *prompt)
{
	rl_readline_name = "pgsluice";
	rl_catch_signals = 0;
	rl_catch_sigwinch = 0;
	rl_change_environment = 0;
	rl_outstream = prompt->nowhere;
	rl_instream = prompt->nowhere;
	rl_prep_term_function = leave_terminal_alone;
	rl_deprep_term_function = leave_terminal_alone_too;
	rl_redisplay_function = draw_later;
	rl_attempted_completion_function = complete;
	rl_completion_display_matches_hook = show_matches;
	rl_completer_word_break_characters = " ";
	rl_variable_bind("show-all-if-ambiguous", "on"); /* the user's inputrc comes after it */
	rl_initialize();
	rl_variable_bind("bell-style", "none");
	rl_variable_bind("completion-query-items", "0");
	rl_variable_bind("page-completions", "off");
	rl_variable_bind("enable-bracketed-paste", "off");
	rl_variable_bind("show-mode-in-prompt", "off");
	rl_variable_bind("blink-matching-paren", "off"); /* waits on a terminal */
	rl_variable_bind("convert-meta", "off");
	rl_variable_bind("input-meta", "on");
	feed_open();
	rl_bind_keyseq_if_unbound("\033[3~", rl_delete);
	rl_bind_keyseq_if_unbound("\033[H", rl_beg_of_line);
	rl_bind_keyseq_if_unbound("\033[F", rl_end_of_line);
}

static struct lines *lines_of(struct prompt *prompt)
{
	return prompt->kind == PROMPT_COMMAND ? &prompt->commands : &prompt->searches;
}

static void keep_line(struct lines *lines, const char *line)
{
	if (lines->count == HISTORY_MAX) {
		memory_free(lines->items[0]);
		lines->count--;
		memmove(lines->items, lines->items + 1, lines->count * sizeof(lines->items[0]));
	}
	lines->items[lines->count++] = memory_strdup(line);
}

static void forget_lines(struct lines *lines)
{
	while (lines->count > 0)
		memory_free(lines->items[--lines->count]);
}

/* Readline leaves entries that are freed in its list, and its searches go as far as there are any. */
static void empty_history(void)
{
	rl_clear_history();
	HIST_ENTRY **list = history_list();
	if (list)
		*list = NULL;
}

static void read_down(struct prompt *prompt)
{
	using_history();
	empty_history();
	stifle_history(HISTORY_MAX);
	if (prompt->history_path)
		read_history(prompt->history_path);
	HIST_ENTRY **list = history_list();
	for (int i = 0; i < history_length; i++)
		keep_line(&prompt->commands, list[i]->line);
	empty_history();
}

struct prompt *prompt_open(const char *history_path, prompt_complete *complete_words, void *context)
{
	struct prompt *prompt = memory_new(sizeof(*prompt));
	prompt->complete = complete_words;
	prompt->context = context;
	prompt->arena = arena_open();
	prompt->nowhere = fopen("/dev/null", "r+e");
	prompt->text = memory_strdup("");
	prompt->history_path = memory_strdup(history_path);
	the_prompt = prompt;
	tame_readline(prompt);
	read_down(prompt);
	return prompt;
}

static void end_line(struct prompt *prompt)
{
	if (!prompt->open)
		return;
	if (!prompt->done && !prompt->left)
		feed_cancel();
	rl_free_line_state();
	rl_maybe_unsave_line();
	rl_callback_handler_remove();
	empty_history();
	prompt->open = false;
	prompt->candidates = (struct text_list){0};
}

/* Kept with the rights of its owner alone, also when it was there before. */
static void write_down(const struct prompt *prompt)
{
	if (!prompt->history_path)
		return;
	mode_t before = umask(0077);
	if (write_history(prompt->history_path) == 0 && chmod(prompt->history_path, 0600) != 0)
		unlink(prompt->history_path);
	umask(before);
}

static void remember(struct prompt *prompt)
{
	struct lines *lines = lines_of(prompt);
	size_t length = strlen(prompt->text);
	while (length > 0 && prompt->text[length - 1] == ' ') /* completion leaves one */
		prompt->text[--length] = '\0';
	if (!*prompt->text || (lines->count > 0 && strcmp(lines->items[lines->count - 1], prompt->text) == 0))
		return;
	keep_line(lines, prompt->text);
	add_history(prompt->text);
	if (prompt->kind == PROMPT_COMMAND)
		write_down(prompt);
}

void prompt_close(struct prompt *prompt)
{
	if (!prompt)
		return;
	end_line(prompt);
	forget_lines(&prompt->commands);
	forget_lines(&prompt->searches);
	fclose(prompt->nowhere);
	rl_instream = rl_outstream = NULL;
	arena_close(prompt->arena);
	memory_free(prompt->text);
	memory_free((char *)prompt->history_path);
	memory_free(prompt);
	the_prompt = NULL;
}

void prompt_begin(struct prompt *prompt, enum prompt_kind kind, const char *text)
{
	end_line(prompt);
	prompt->kind = kind;
	prompt->open = true;
	prompt->done = prompt->left = false;
	arena_close(prompt->arena);
	prompt->arena = arena_open();
	for (size_t i = 0; i < lines_of(prompt)->count; i++)
		add_history(lines_of(prompt)->items[i]);
	using_history();
	rl_startup_hook = NULL; /* operate-and-get-next would go on in a line of another kind */
	rl_callback_handler_install(SIGNS[kind], take_line);
	if (text && *text) {
		rl_insert_text(text);
		rl_point = rl_end;
	}
}

bool prompt_is_open(const struct prompt *prompt)
{
	return prompt && prompt->open;
}

enum prompt_kind prompt_kind(const struct prompt *prompt)
{
	return prompt->kind;
}

/* In vi's insert mode Esc goes to the command mode; elsewhere it leaves, as C-c does. */
static bool leaves(int key)
{
	return key == KEY_CANCEL || (key == KEY_ESCAPE && !(rl_editing_mode == 0 && rl_get_keymap() != vi_movement_keymap));
}

enum prompt_outcome prompt_key(struct prompt *prompt, int key)
{
	if (!prompt->open)
		return PROMPT_LEFT;
	if (key == KEY_RESIZED)
		return PROMPT_GOES_ON;
	prompt->candidates = (struct text_list){0};
	if ((key == KEY_ESCAPE || key == KEY_CANCEL) && feed_cancel())
		return PROMPT_GOES_ON;
	if (leaves(key)) {
		end_line(prompt);
		return PROMPT_LEFT;
	}
	feed_key(key);
	if (rl_done && !prompt->done && !prompt->left) /* a count before Enter: readline would wait for a key more */
		take_line(rl_copy_text(0, rl_end));
	if (!prompt->done && !prompt->left)
		return PROMPT_GOES_ON;
	bool done = prompt->done;
	if (done)
		remember(prompt);
	end_line(prompt);
	return done ? PROMPT_DONE : PROMPT_LEFT;
}

const char *prompt_text(const struct prompt *prompt)
{
	return prompt->open && !prompt->done ? rl_line_buffer : prompt->text;
}

static int draw_candidates(const struct prompt *prompt, const struct area *area)
{
	int widest = 1, count = (int)prompt->candidates.count;
	for (int i = 0; i < count; i++) {
		int width = text_columns(prompt->candidates.items[i]);
		widest = width > widest ? width : widest;
	}
	int across = area->columns / (widest + 2) > 0 ? area->columns / (widest + 2) : 1;
	int rows = (count + across - 1) / across;
	rows = rows > SHOWN_ROWS_MAX ? SHOWN_ROWS_MAX : rows;
	struct area above = area_part(area, area->rows - 1 - rows, 0, rows, -1);
	for (int i = 0; i < rows; i++)
		area_put_width(&above, i, 0, above.columns, STYLE_TEXT, "");
	for (int i = 0; i < count && i / across < rows; i++)
		area_put(&above, i / across, i % across * (widest + 2), STYLE_KEY, prompt->candidates.items[i]);
	return rows;
}

void prompt_draw(const struct prompt *prompt, const struct area *area)
{
	char *before = memory_strdup(rl_line_buffer);
	const char *sign = rl_display_prompt ? rl_display_prompt : SIGNS[prompt->kind];
	int row = area->rows - 1;

	if ((size_t)rl_point < strlen(before))
		before[rl_point] = '\0';
	int cursor = text_columns(sign) + text_columns(before);
	int shift = cursor >= area->columns ? cursor - area->columns + 1 : 0;
	area_put_width(area, row, 0, area->columns, STYLE_TEXT, "");
	int column = area_put(area, row, -shift, STYLE_STRONG, sign);
	area_put(area, row, column, STYLE_TEXT, rl_line_buffer);
	canvas_set_cursor(area->canvas, area->top + row, area->left + cursor - shift);
	if (prompt->candidates.count)
		draw_candidates(prompt, area);
	memory_free(before);
}
