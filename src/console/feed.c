#include "console/feed.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <readline/history.h>
#include <readline/readline.h>

#include "console/keymap.h"

/*
 * Two things readline 8.2 does not survive by callback, and what is done here about them.
 *
 * rl_callback_read_char goes round once more while there is input that was pushed back, is pending or comes from a
 * macro. Where a sequence turns out to be bound to nothing in that second round, _rl_abort_internal jumps into the
 * frame of the first round's readline_internal_char, which has returned. So readline gets whole sequences that are
 * bound, and nothing that it would push back: macros are spelled out here, and what reads keys in a way of its own (a
 * search, a count, a motion) is ended before a key that it would hand on.
 *
 * A list of changes has several owners as soon as the line comes from the history: the line, an entry, the line from
 * before the history; and each frees it. So the line has no changes when a command takes it to another one.
 */
enum { SEQUENCE_MAX = 32, UNITS_MAX = 1000, COUNT_MAX = 99 };

enum { BELL = 7, RUBOUT_KEY = 127 };

/* Readline reads keys in a way of its own. */
enum { READS_KEYS = RL_STATE_ISEARCH | RL_STATE_NSEARCH | RL_STATE_CHARSEARCH | RL_STATE_VIMOTION };

/* What a command needs that is more than a change of the line. */
enum need {
	NEED_NOTHING,
	NEED_SETTLED_LINE,    /* goes to another line */
	NEED_SETTLED_CHANGES, /* the same, and remembers the text of an entry: none may be replaced */
	NEED_TEXT,            /* one more character, which no state tells of */
	NEED_WORDS,           /* of a line of the history */
	NEED_REFUSAL,         /* reads keys until something comes, keeps keys for later, or binds them anew */
};

static const struct {
	const char *name;
	enum need need;
} NEEDS[] = {
	{"previous-history", NEED_SETTLED_LINE},
	{"next-history", NEED_SETTLED_LINE},
	{"beginning-of-history", NEED_SETTLED_LINE},
	{"end-of-history", NEED_SETTLED_LINE},
	{"fetch-history", NEED_SETTLED_LINE},
	{"vi-fetch-history", NEED_SETTLED_LINE},
	{"operate-and-get-next", NEED_SETTLED_LINE},
	{"reverse-search-history", NEED_SETTLED_LINE},
	{"forward-search-history", NEED_SETTLED_LINE},
	{"non-incremental-reverse-search-history", NEED_SETTLED_LINE},
	{"non-incremental-forward-search-history", NEED_SETTLED_LINE},
	{"non-incremental-reverse-search-history-again", NEED_SETTLED_LINE},
	{"non-incremental-forward-search-history-again", NEED_SETTLED_LINE},
	{"vi-search", NEED_SETTLED_LINE},
	{"vi-search-again", NEED_SETTLED_LINE},
	{"history-search-backward", NEED_SETTLED_CHANGES},
	{"history-search-forward", NEED_SETTLED_CHANGES},
	{"history-substring-search-backward", NEED_SETTLED_CHANGES},
	{"history-substring-search-forward", NEED_SETTLED_CHANGES},
	{"character-search", NEED_TEXT},
	{"character-search-backward", NEED_TEXT},
	{"vi-change-char", NEED_TEXT},
	{"vi-set-mark", NEED_TEXT},
	{"vi-goto-mark", NEED_TEXT},
	{"yank-last-arg", NEED_WORDS},
	{"yank-nth-arg", NEED_WORDS},
	{"vi-yank-arg", NEED_WORDS},
	{"arrow-key-prefix", NEED_REFUSAL},
	{"bracketed-paste-begin", NEED_REFUSAL},
	{"skip-csi-sequence", NEED_REFUSAL},
	{"quoted-insert", NEED_REFUSAL},
	{"start-kbd-macro", NEED_REFUSAL},
	{"end-kbd-macro", NEED_REFUSAL},
	{"call-last-kbd-macro", NEED_REFUSAL},
	{"re-read-init-file", NEED_REFUSAL},
	{"execute-named-command", NEED_REFUSAL},
};

enum { NEED_COUNT = sizeof(NEEDS) / sizeof(NEEDS[0]) };

static rl_command_func_t *functions[NEED_COUNT]; /* NULL where this readline has none of that name */

static const char *given, *given_end; /* to readline, not read yet */
static char sequence[SEQUENCE_MAX];   /* keys that may become one that is bound */
static size_t sequence_length;
static bool needs_text, searches_forward;
static int units_left; /* of this key: a macro may call itself */

static int get_given(FILE *stream)
{
	(void)stream;
	return given < given_end ? (unsigned char)*given++ : EOF;
}

static int is_given(void)
{
	return given < given_end;
}

void feed_open(void)
{
	rl_getc_function = get_given;
	rl_input_available_hook = is_given;
	for (size_t i = 0; i < NEED_COUNT; i++)
		functions[i] = rl_named_function(NEEDS[i].name);
}

static enum need need_of(rl_command_func_t *function)
{
	for (size_t i = 0; i < NEED_COUNT; i++)
		if (functions[i] == function)
			return NEEDS[i].need;
	return NEED_NOTHING;
}

static bool is_open(void)
{
	return RL_ISSTATE(RL_STATE_CALLBACK) && !rl_done;
}

static void give(const char *bytes, size_t length)
{
	given = bytes;
	given_end = bytes + length;
	while (given < given_end && is_open())
		rl_callback_read_char();
	given = given_end = NULL;
}

static void give_key(char key)
{
	give(&key, 1);
}

/* Its prompt and its sign have been put aside for the count. */
static void forget_count(void)
{
	rl_restore_prompt();
	rl_callback_sigcleanup();
	rl_discard_argument();
}

/* As C-g does, which would lose the search's memory. */
static void forget_question(void)
{
	rl_free_undo_list();
	rl_callback_sigcleanup();
	rl_maybe_unsave_line();
	rl_restore_prompt();
	rl_clear_message();
}

static bool cancel_reading(void)
{
	if (RL_ISSTATE(RL_STATE_ISEARCH)) {
		give_key(BELL);
		if (RL_ISSTATE(RL_STATE_ISEARCH)) /* C-g is the beginning of a sequence by the user's inputrc */
			rl_callback_sigcleanup();
	} else if (RL_ISSTATE(RL_STATE_NSEARCH)) {
		forget_question();
	} else if (RL_ISSTATE(RL_STATE_CHARSEARCH) || needs_text) {
		give_key('\033');
	} else if (RL_ISSTATE(RL_STATE_VIMOTION)) {
		give_key(BELL);
	} else if (RL_ISSTATE(RL_STATE_NUMERICARG)) {
		forget_count();
	} else {
		return false;
	}
	needs_text = false;
	return true;
}

bool feed_cancel(void)
{
	bool was = sequence_length > 0;

	sequence_length = 0;
	return cancel_reading() || was;
}

static bool is_digit(const char *unit)
{
	return *unit >= '0' && *unit <= '9';
}

static bool is_text(const char *unit)
{
	unsigned char c = (unsigned char)*unit;
	return c >= ' ' && c != RUBOUT_KEY;
}

static bool is_one_of(char c, const char *keys)
{
	return c && strchr(keys, c);
}

static bool is_count_full(void)
{
	return rl_numeric_arg > COUNT_MAX / 10;
}

static bool is_search(rl_command_func_t *function)
{
	return function == rl_reverse_search_history || function == rl_forward_search_history;
}

/* A key that is the beginning of a sequence, a macro or nothing would leave readline where it jumps from. */
static bool is_bound_alone(const char *unit)
{
	const struct _keymap_entry *entry = &rl_get_keymap()[(unsigned char)*unit];
	return entry->type == ISFUNC && entry->function;
}

static void read_unit(const char *unit, size_t length);

/*
 * The text that is looked for, as it is typed, and what the search itself knows. Any other key is for the line that was
 * found. Turned round where it fails, the search would look for the text behind the end of a line: it begins anew.
 */
static bool goes_on_searching(const char *unit, size_t length)
{
	const struct _keymap_entry *entry = &rl_get_keymap()[(unsigned char)*unit];
	rl_command_func_t *function = entry->type == ISFUNC ? entry->function : NULL;
	bool turns = function == (searches_forward ? rl_reverse_search_history : rl_forward_search_history);

	if (!turns && entry->type != ISKMAP &&
	    (is_text(unit) || is_one_of(*unit, "\027\031") || function == rl_rubout || function == rl_unix_word_rubout ||
	     function == rl_yank || is_search(function))) {
		give(unit, length);
		return true;
	}
	rl_callback_sigcleanup();
	if (turns) {
		read_unit(unit, length);
		if (RL_ISSTATE(RL_STATE_ISEARCH))
			give(unit, length);
	}
	return turns;
}

static bool goes_on_asking(const char *unit, size_t length)
{
	rl_free_undo_list(); /* what was typed of the question */
	bool enter = is_one_of(*unit, "\r\n"), nothing = rl_end == 0 || strcmp(rl_line_buffer, "^") == 0;
	bool removes = is_one_of(*unit, "\177\b"), changes = removes || is_one_of(*unit, "\025\027");

	if (is_text(unit) || (enter && !nothing) || (changes && !(removes && rl_end == 0))) {
		give(unit, length);
		return true;
	}
	cancel_reading();
	return enter || removes;
}

static bool goes_on_moving(const char *unit, size_t length)
{
	if (length > 1 || !is_text(unit) || !is_bound_alone(unit)) {
		cancel_reading();
		return false;
	}
	if (!is_digit(unit) || !RL_ISSTATE(RL_STATE_NUMERICARG) || !is_count_full())
		give(unit, length);
	return true;
}

/* Whether readline reads keys in a way of its own, and this is one for it. */
static bool goes_on(const char *unit, size_t length)
{
	if (!RL_ISSTATE(READS_KEYS) && !needs_text)
		return false;
	if (*unit == BELL)
		return cancel_reading();
	if (RL_ISSTATE(RL_STATE_ISEARCH))
		return goes_on_searching(unit, length);
	if (RL_ISSTATE(RL_STATE_NSEARCH))
		return goes_on_asking(unit, length);
	if (RL_ISSTATE(RL_STATE_CHARSEARCH) || needs_text) {
		if (!is_text(unit)) {
			cancel_reading();
			return false;
		}
		needs_text = false;
		give(unit, length);
		return true;
	}
	return goes_on_moving(unit, length);
}

static void read_text(const char *text);

static void keep_line_short(void)
{
	int end = FEED_LINE_BYTES_MAX;
	if (rl_end <= end || !is_open() || RL_ISSTATE(READS_KEYS))
		return;
	while (end > 0 && ((unsigned char)rl_line_buffer[end] & 0xc0) == 0x80)
		end--;
	rl_delete_text(end, rl_end);
	rl_point = rl_point > end ? end : rl_point;
}

/* History's reader of words steps over the end of a line that ends in a backslash, or in a parenthesis as in $( . */
static bool has_words(void)
{
	HIST_ENTRY **list = history_list();

	for (int i = 0; list && i < history_length; i++) {
		size_t length = strlen(list[i]->line);
		if (length > 0 && strchr("\\(", list[i]->line[length - 1]))
			return false;
	}
	return true;
}

static void carry_out(rl_command_func_t *function, const char *keys, size_t length)
{
	enum need need = need_of(function);

	if (need == NEED_REFUSAL || (need == NEED_WORDS && !has_words()) ||
	    (function == rl_universal_argument && is_count_full()))
		return;
	if (need == NEED_SETTLED_LINE)
		rl_maybe_replace_line();
	if (need == NEED_SETTLED_LINE || need == NEED_SETTLED_CHANGES)
		rl_free_undo_list();
	if (RL_ISSTATE(RL_STATE_NUMERICARG) && is_search(function))
		forget_count(); /* would turn it round */
	needs_text = need == NEED_TEXT;
	searches_forward = function == rl_forward_search_history;
	if (function == rl_vi_subst) /* would push its motion back */
		read_text(keys[length - 1] == 'S' ? "cc" : "cl");
	else
		give(keys, length);
	keep_line_short();
}

/* Esc with a key behind it is two keys for vi: it leaves the mode, and the key is a command. */
static bool is_escape_of_vi(void)
{
	return rl_editing_mode == 0 && rl_get_keymap() != vi_movement_keymap && sequence[0] == '\033';
}

static void read_unbound(const char *keys, size_t length, size_t unit_length)
{
	if (length == unit_length && unit_length > 1) { /* text whose first byte is bound otherwise */
		give(keys, length);
	} else if (length > unit_length && is_escape_of_vi()) {
		give_key('\033');
		read_unit(keys + length - unit_length, unit_length);
	}
}

static void read_sequence(size_t unit_length)
{
	char keys[SEQUENCE_MAX];
	size_t length = sequence_length;
	int type = ISFUNC;
	rl_command_func_t *function = rl_function_of_keyseq_len(sequence, length, rl_get_keymap(), &type);

	if (function == rl_do_lowercase_version && sequence[length - 1] >= 'A' && sequence[length - 1] <= 'Z') {
		sequence[length - 1] = (char)(sequence[length - 1] + 'a' - 'A');
		function = rl_function_of_keyseq_len(sequence, length, rl_get_keymap(), &type);
	}
	if (function && type == ISKMAP && length < SEQUENCE_MAX - KEY_TEXT_BYTES)
		return;
	sequence_length = 0;
	memcpy(keys, sequence, length);
	if (!function || type == ISKMAP)
		read_unbound(keys, length, unit_length);
	else if (type == ISMACR)
		read_text((const char *)function);
	else
		carry_out(function, keys, length);
}

/* One character, of one byte or more. */
static void read_unit(const char *unit, size_t length)
{
	if (units_left-- <= 0 || !is_open() || (sequence_length == 0 && goes_on(unit, length)) || !is_open())
		return;
	if (sequence_length == 0 && is_digit(unit) && RL_ISSTATE(RL_STATE_NUMERICARG)) {
		if (!is_count_full())
			give(unit, length);
		return;
	}
	if (RL_ISSTATE(RL_STATE_MULTIKEY))
		rl_callback_sigcleanup();
	memcpy(sequence + sequence_length, unit, length);
	sequence_length += length;
	read_sequence(length);
}

static size_t unit_length(const char *text)
{
	unsigned char first = (unsigned char)*text;
	return strnlen(text, first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc0 ? 2 : 1);
}

static void read_text(const char *text)
{
	while (*text && is_open() && units_left > 0) {
		size_t length = unit_length(text);
		read_unit(text, length);
		text += length;
	}
}

void feed_key(int key)
{
	static const struct {
		int key;
		const char *bytes;
	} NAMED[] = {
		{KEY_ARROW_UP, "\033[A"},    {KEY_ARROW_DOWN, "\033[B"},  {KEY_ARROW_RIGHT, "\033[C"},
		{KEY_ARROW_LEFT, "\033[D"},  {KEY_HOME_KEY, "\033[H"},    {KEY_END_KEY, "\033[F"},
		{KEY_DELETE_KEY, "\033[3~"}, {KEY_BACKSPACE_KEY, "\x7f"}, {KEY_ENTER_KEY, "\r"},
		{KEY_TAB_KEY, "\t"},
	};
	char text[KEY_TEXT_BYTES];

	units_left = UNITS_MAX;
	if (key == KEY_ESCAPE) { /* alone: out of vi's insert mode */
		sequence_length = 0;
		give_key('\033');
		return;
	}
	if (key & KEY_ALT)
		read_text("\033");
	key &= ~KEY_ALT;
	for (size_t i = 0; i < sizeof(NAMED) / sizeof(NAMED[0]); i++)
		if (NAMED[i].key == key)
			read_text(NAMED[i].bytes);
	if (key_text(key, text))
		read_text(text);
	if (units_left <= 0)
		sequence_length = 0;
}
