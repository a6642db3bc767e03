#include "console/terminal/term.h"

#include <errno.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>
#include <wchar.h>

#define NCURSES_NOMACROS 1
#include <curses.h>
#include <term.h>
#undef OK /* ours is the enum's; both are 0 */
#undef columns
#undef lines

#include "base/memory.h"
#include "console/terminal/tty.h"
#include "sys/clock.h"

enum { ESCAPE_DELAY_MS = 25, SIZE_MAX_CELLS = 1000, EMPTY_READS_MAX = 200 };

struct terminal {
	SCREEN *screen;
	sigset_t open; /* signals, while waiting */
	bool colour, mouse;
	bool readable; /* the last wait said so */
	bool resized, gone, terminated;
	int empty_reads; /* readable without a key, in a row: a descriptor at its end */
	int rows, columns;
	struct cell *shown; /* what the screen has; NULL = unknown */
	int cursor_row, cursor_column;
};

static const struct {
	int code, key;
} KEYS[] = {
	{KEY_UP, KEY_ARROW_UP},       {KEY_DOWN, KEY_ARROW_DOWN},        {KEY_LEFT, KEY_ARROW_LEFT},
	{KEY_RIGHT, KEY_ARROW_RIGHT}, {KEY_PPAGE, KEY_PAGE_UP},          {KEY_NPAGE, KEY_PAGE_DOWN},
	{KEY_HOME, KEY_HOME_KEY},     {KEY_END, KEY_END_KEY},            {KEY_ENTER, KEY_ENTER_KEY},
	{KEY_BTAB, KEY_BACK_TAB},     {KEY_BACKSPACE, KEY_BACKSPACE_KEY}, {KEY_DC, KEY_DELETE_KEY},
	{KEY_A1, KEY_HOME_KEY},       {KEY_A3, KEY_PAGE_UP},             {KEY_C1, KEY_END_KEY},
	{KEY_C3, KEY_PAGE_DOWN},
};

/* Ours and curses' colours differ by the default, which curses calls -1. */
static short colour_number(enum colour colour)
{
	return (short)((int)colour - 1);
}

static void make_colours(struct terminal *term)
{
	if (!term->colour || !has_colors() || start_color() == ERR || COLORS < 8 || COLOR_PAIRS <= STYLE_COUNT) {
		term->colour = false;
		return;
	}
	bool own = use_default_colors() != ERR;
	for (enum style style = 0; style < STYLE_COUNT; style++) {
		const struct style_row *row = style_get(style);
		short foreground = colour_number(row->foreground), background = colour_number(row->background);
		if (!own) {
			foreground = foreground < 0 ? COLOR_WHITE : foreground;
			background = background < 0 ? COLOR_BLACK : background;
		}
		init_pair((short)(style + 1), foreground, background);
	}
}

/* The sequences that give a terminal back, without the delays that only old ones need. */
static size_t farewell(char *out, size_t room)
{
	const char *const parts[] = {exit_attribute_mode, orig_pair,      keypad_local,
	                             cursor_normal,       exit_ca_mode};
	size_t length = 0;
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		for (const char *at = parts[i]; at && *at && length < room; at++) {
			if (at[0] == '$' && at[1] == '<' && strchr(at, '>'))
				at = strchr(at, '>');
			else
				out[length++] = *at;
		}
	return length;
}

static void read_size(struct terminal *term)
{
	struct winsize size = {0};
	int rows = LINES, columns_now = COLS;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 0 && size.ws_col > 0) {
		rows = size.ws_row;
		columns_now = size.ws_col;
	}
	term->rows = rows < 1 ? 1 : rows > SIZE_MAX_CELLS ? SIZE_MAX_CELLS : rows;
	term->columns = columns_now < 1 ? 1 : columns_now > SIZE_MAX_CELLS ? SIZE_MAX_CELLS : columns_now;
	resizeterm(term->rows, term->columns);
	term_redraw(term);
}

enum status term_open(const struct term_options *options, struct terminal **ret_term, struct error *err)
{
	char bye[200];

	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO)) {
		error_set(err, FAIL_USAGE, "there is no terminal to show the console on");
		return error_hint(err, "Start it in a terminal, or run the flow headless with `pgsluice --batch`.");
	}
	set_escdelay(ESCAPE_DELAY_MS);
	tty_remember();
	SCREEN *screen = newterm(NULL, stdout, stdin);
	if (!screen || !cursor_address || !clear_screen) {
		const char *name = getenv("TERM");
		if (screen)
			endwin();
		error_set(err, FAIL_USAGE, "the terminal \"%s\" cannot show the console", name ? name : "");
		return error_hint(err, "Set TERM to what the terminal is, use --plain, or run `pgsluice --batch`.");
	}
	struct terminal *term = memory_new(sizeof(*term));
	term->screen = screen;
	term->colour = options->colour;
	raw();
	noecho();
	nonl();
	keypad(stdscr, TRUE);
	nodelay(stdscr, TRUE);
	leaveok(stdscr, FALSE);
	mouseinterval(0);
	make_colours(term);
	tty_take(bye, farewell(bye, sizeof(bye)), &term->open);
	term_set_mouse(term, options->mouse);
	read_size(term);
	*ret_term = term;
	return OK;
}

void term_close(struct terminal *term)
{
	if (!term)
		return;
	term_set_mouse(term, false);
	curs_set(1);
	endwin();
	tty_give_back(term->gone && !term->terminated);
	delscreen(term->screen);
	memory_free(term->shown);
	memory_free(term);
}

void term_size(const struct terminal *term, int *ret_rows, int *ret_columns)
{
	*ret_rows = term->rows;
	*ret_columns = term->columns;
}

void term_redraw(struct terminal *term)
{
	memory_free(term->shown);
	term->shown = NULL;
	clearok(curscr, TRUE);
}

static attr_t attributes_of(const struct terminal *term, enum style style)
{
	const struct style_row *row = style_get(style);
	bool filled = row->background != COLOUR_DEFAULT;
	attr_t attributes = 0;

	attributes |= row->bold ? A_BOLD : 0;
	attributes |= row->dim ? A_DIM : 0;
	attributes |= row->reverse || (filled && !term->colour) ? A_REVERSE : 0;
	attributes |= row->underline ? A_UNDERLINE : 0;
	return attributes;
}

static void put_cell(const struct terminal *term, int row, int column, const struct cell *cell)
{
	wchar_t wide[CCHARW_MAX + 1];
	mbstate_t state = {0};
	cchar_t picture;
	const char *text = cell->text;
	size_t length = 0, used;

	while (length < CCHARW_MAX && *text && (used = mbrtowc(&wide[length], text, MB_CUR_MAX, &state)) > 0 &&
	       used <= MB_CUR_MAX) {
		text += used;
		length++;
	}
	wide[length] = L'\0';
	if (length == 0)
		wcscpy(wide, L"?");
	enum style style = cell->style < STYLE_COUNT ? (enum style)cell->style : STYLE_TEXT;
	setcchar(&picture, wide, attributes_of(term, style), term->colour ? (short)(style + 1) : (short)0, NULL);
	mvadd_wch(row, column, &picture);
}

/* A row is put anew as a whole: curses then sends what differs. */
static void put_row(const struct terminal *term, int row, const struct canvas *canvas)
{
	int width = canvas_columns(canvas) < term->columns ? canvas_columns(canvas) : term->columns;
	move(row, 0);
	clrtoeol();
	for (int column = 0; column < width; column++) {
		const struct cell *cell = canvas_cell(canvas, row, column);
		if (cell->text[0]) /* the second half of a wide one comes with the first */
			put_cell(term, row, column, cell);
	}
}

void term_paint(struct terminal *term, const struct canvas *canvas)
{
	int rows = canvas_rows(canvas), width = canvas_columns(canvas), row, column;
	bool fits = rows == term->rows && width == term->columns;
	bool known = term->shown != NULL;

	if (!fits || term->gone) /* a resize is on its way */
		return;
	if (!known)
		term->shown = memory_new((size_t)rows * (size_t)width * sizeof(struct cell));
	for (row = 0; row < rows; row++) {
		struct cell *shown = &term->shown[(size_t)row * (size_t)width];
		bool same = known;
		for (column = 0; column < width; column++) {
			const struct cell *cell = canvas_cell(canvas, row, column);
			if (same && (shown[column].style != cell->style || strcmp(shown[column].text, cell->text) != 0))
				same = false;
			shown[column] = *cell;
		}
		if (!same)
			put_row(term, row, canvas);
	}
	canvas_get_cursor(canvas, &row, &column);
	curs_set(row >= 0);
	if (row >= 0)
		move(row, column);
	refresh();
}

static void look_at_signals(struct terminal *term)
{
	if (tty_flags.resized || tty_flags.continued) {
		tty_flags.resized = tty_flags.continued = 0;
		term->resized = true;
	}
	if (tty_flags.hung_up || tty_flags.terminated) {
		term->gone = true;
		term->terminated = tty_flags.terminated && !tty_flags.hung_up;
	}
	if (tty_flags.stop_wanted)
		term_suspend(term);
}

bool term_wait(struct terminal *term, struct pollfd *others, size_t count, int64_t deadline_ms)
{
	struct pollfd fds[8] = {{.fd = STDIN_FILENO, .events = POLLIN}};
	struct timespec wait = {0};
	size_t others_max = sizeof(fds) / sizeof(fds[0]) - 1;

	count = count < others_max ? count : others_max;
	memcpy(&fds[1], others, count * sizeof(*others));
	int64_t left = deadline_ms == INT64_MAX ? 0 : deadline_ms - clock_ms();
	if (left > 0) {
		wait.tv_sec = (time_t)(left / 1000);
		wait.tv_nsec = (long)(left % 1000) * 1000000;
	}
	int ready = ppoll(fds, (nfds_t)(count + 1), deadline_ms == INT64_MAX ? NULL : &wait, &term->open);
	term->readable = ready > 0 && fds[0].revents;
	if (ready > 0 && (fds[0].revents & (POLLHUP | POLLERR | POLLNVAL)))
		term->gone = true;
	for (size_t i = 0; i < count; i++)
		others[i].revents = ready > 0 ? fds[i + 1].revents : 0;
	look_at_signals(term);
	return term->readable || term->resized || term->gone;
}

static int mouse_key(int *ret_row, int *ret_column)
{
	MEVENT event;
	if (getmouse(&event) == ERR)
		return KEY_NONE;
	*ret_row = event.y;
	*ret_column = event.x;
	if (event.bstate & BUTTON4_PRESSED)
		return KEY_WHEEL_UP;
	if (event.bstate & BUTTON5_PRESSED)
		return KEY_WHEEL_DOWN;
	return event.bstate & (BUTTON1_PRESSED | BUTTON1_CLICKED) ? KEY_CLICK : KEY_NONE;
}

static int named_key(int code)
{
	if (code >= KEY_F(1) && code <= KEY_F(12))
		return KEY_F1 + code - KEY_F(1);
	for (size_t i = 0; i < sizeof(KEYS) / sizeof(KEYS[0]); i++)
		if (KEYS[i].code == code)
			return KEYS[i].key;
	return KEY_NONE;
}

static int character_key(wint_t code)
{
	switch (code) {
	case '\r':
	case '\n': return KEY_ENTER_KEY;
	case '\t': return KEY_TAB_KEY;
	case '\b':
	case 0x7f: return KEY_BACKSPACE_KEY;
	default: return code > 0 && code < KEY_NAMED ? (int)code : KEY_NONE;
	}
}

/* Esc alone, or Alt with the key that came in the same breath. */
static int escape_key(void)
{
	wint_t code;
	int got = get_wch(&code);
	if (got == ERR)
		return KEY_ESCAPE;
	int key = got == KEY_CODE_YES ? named_key((int)code) : code == 27 ? KEY_ESCAPE : character_key(code);
	return key == KEY_NONE || key == KEY_ESCAPE ? KEY_ESCAPE : key | KEY_ALT;
}

int term_key(struct terminal *term, int *ret_row, int *ret_column)
{
	wint_t code;

	*ret_row = *ret_column = 0;
	if (term->gone)
		return KEY_GONE;
	if (term->resized) {
		term->resized = false;
		read_size(term);
		return KEY_RESIZED;
	}
	for (;;) {
		int got = get_wch(&code), key;
		if (got == ERR) {
			if (term->readable && ++term->empty_reads > EMPTY_READS_MAX)
				term->gone = true;
			return KEY_NONE;
		}
		term->readable = false;
		term->empty_reads = 0;
		if (got == KEY_CODE_YES && code == KEY_MOUSE)
			key = mouse_key(ret_row, ret_column);
		else if (got == KEY_CODE_YES)
			key = named_key((int)code);
		else
			key = code == 27 ? escape_key() : character_key(code);
		if (key != KEY_NONE)
			return key;
	}
}

bool term_was_terminated(const struct terminal *term)
{
	return term->terminated;
}

void term_suspend(struct terminal *term)
{
	def_prog_mode();
	endwin();
	tty_stop();
	reset_prog_mode();
	term_redraw(term);
	refresh();
	term->resized = true;
}

bool term_set_colour(struct terminal *term, bool on)
{
	term->colour = on;
	make_colours(term);
	term_redraw(term);
	return term->colour;
}

void term_set_mouse(struct terminal *term, bool on)
{
	term->mouse = on;
	mousemask(on ? (mmask_t)(BUTTON1_PRESSED | BUTTON1_CLICKED | BUTTON4_PRESSED | BUTTON5_PRESSED) : 0, NULL);
}

static size_t base64(const char *text, size_t length, char *out)
{
	static const char DIGITS[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	char *at = out;
	for (size_t i = 0; i < length; i += 3) {
		uint32_t bits = (uint32_t)(unsigned char)text[i] << 16;
		bits |= i + 1 < length ? (uint32_t)(unsigned char)text[i + 1] << 8 : 0;
		bits |= i + 2 < length ? (uint32_t)(unsigned char)text[i + 2] : 0;
		*at++ = DIGITS[bits >> 18];
		*at++ = DIGITS[bits >> 12 & 63];
		*at++ = i + 1 < length ? DIGITS[bits >> 6 & 63] : '=';
		*at++ = i + 2 < length ? DIGITS[bits & 63] : '=';
	}
	return (size_t)(at - out);
}

static void write_all(const char *bytes, size_t length)
{
	while (length > 0) {
		ssize_t written = write(STDOUT_FILENO, bytes, length);
		if (written < 0 && errno != EINTR)
			return;
		if (written > 0) {
			bytes += written;
			length -= (size_t)written;
		}
	}
}

bool term_copy(struct terminal *term, const char *text, size_t length)
{
	static const char BEGIN[] = "\033]52;c;", END[] = "\a";
	bool inside_tmux = getenv("TMUX") && *getenv("TMUX");
	_cleanup_strbuf_ struct strbuf out = {0};

	(void)term;
	if ((length + 2) / 3 * 4 > TERM_COPY_MAX)
		return false;
	char *encoded = memory_new((length + 2) / 3 * 4 + 1);
	size_t size = base64(text, length, encoded);
	if (inside_tmux) /* its passthrough: escapes doubled, in a wrapper of its own */
		strbuf_puts(&out, "\033Ptmux;\033");
	strbuf_puts(&out, BEGIN);
	strbuf_add(&out, encoded, size);
	strbuf_puts(&out, END);
	if (inside_tmux)
		strbuf_puts(&out, "\033\\");
	memory_free(encoded);
	fflush(stdout);
	write_all(strbuf_text(&out), out.length);
	return true;
}
