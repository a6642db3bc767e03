/*
 * glass ROWS COLUMNS PROGRAM [WORD...]: runs a program on a pseudo terminal and shows what a person would see.
 *
 * Reads commands from standard input, one a line, and answers each with one line of JSON:
 *   screen            the screen as it is
 *   next MS           waits for output, or so long; then the screen
 *   keys HEX          types these bytes
 *   resize ROWS COLUMNS
 *   signal NUMBER     to the program
 *   hang_up           the terminal vanishes
 *   mode              the terminal's settings: whether it edits lines and echoes
 *   cpu               processor time and memory of the program
 *   copied            what the program put on the clipboard, OSC 52 as it came: {"copied": "c;aGk="}, "" = nothing
 * The screen: {"rows": ["..."], "styles": [[[text, {"foreground", "background", "flags"}], ...], ...], "cursor_row",
 * "cursor_column", "alternate", "ended", "exit"}. Colours are numbers, -1 is the terminal's own.
 */
#include <ctype.h>
#include <errno.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <vterm.h>

#include "base/json.h"

struct glass {
	VTerm *terminal;
	VTermScreen *screen;
	int rows, columns;
	bool alternate, cursor_visible;
	int fd; /* -1 = hung up */
	pid_t pid;
	bool ended;
	int exit_code; /* 128 + n: ended by signal n */
	struct strbuf copied;
	size_t begun; /* of the sequence that copies, so many bytes */
};

/* libvterm's way to sequences that it does not know differs by its version, so they are looked for in the bytes. */
static void note_copies(struct glass *glass, const char *bytes, size_t length)
{
	static const char BEGIN[] = "\033]52;";
	for (size_t i = 0; i < length; i++) {
		bool ends = bytes[i] == '\a' || bytes[i] == '\033';
		if (glass->begun == sizeof(BEGIN) - 1 && !ends) {
			strbuf_putc(&glass->copied, bytes[i]);
			continue;
		}
		if (glass->begun == sizeof(BEGIN) - 1 || bytes[i] != BEGIN[glass->begun])
			glass->begun = 0;
		if (bytes[i] == BEGIN[glass->begun])
			glass->begun++;
		if (glass->begun == sizeof(BEGIN) - 1)
			strbuf_reset(&glass->copied);
	}
}

static int set_property(VTermProp property, VTermValue *value, void *context)
{
	struct glass *glass = context;
	if (property == VTERM_PROP_ALTSCREEN)
		glass->alternate = value->boolean;
	if (property == VTERM_PROP_CURSORVISIBLE)
		glass->cursor_visible = value->boolean;
	return 1;
}

static void reap(struct glass *glass)
{
	int status;
	if (glass->ended || waitpid(glass->pid, &status, WNOHANG) != glass->pid)
		return;
	glass->ended = true;
	glass->exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* A screen comes in several writes: what follows within so long belongs to it. */
enum { REST_MS = 30 };

/* All that the program has written; false when there was nothing within the time. */
static bool take_output(struct glass *glass, int wait_ms)
{
	char bytes[65536];
	bool any = false;

	while (glass->fd >= 0) {
		struct pollfd ready = {.fd = glass->fd, .events = POLLIN};
		if (poll(&ready, 1, any ? REST_MS : wait_ms) <= 0)
			break;
		ssize_t got = read(glass->fd, bytes, sizeof(bytes));
		if (got <= 0) {
			close(glass->fd);
			glass->fd = -1;
			break;
		}
		vterm_input_write(glass->terminal, bytes, (size_t)got);
		note_copies(glass, bytes, (size_t)got);
		any = true;
	}
	/* What the terminal answers by itself goes to the program. */
	size_t answered = vterm_output_read(glass->terminal, bytes, sizeof(bytes));
	if (answered > 0 && glass->fd >= 0 && write(glass->fd, bytes, answered) < 0)
		return any;
	return any;
}

static int colour_of(const VTermColor *colour, bool is_default)
{
	return is_default || !VTERM_COLOR_IS_INDEXED(colour) ? -1 : colour->indexed.idx;
}

struct look {
	int foreground, background;
	bool bold, reverse, underline;
};

static struct look look_of(const VTermScreenCell *cell)
{
	return (struct look){
		.foreground = colour_of(&cell->fg, VTERM_COLOR_IS_DEFAULT_FG(&cell->fg)),
		.background = colour_of(&cell->bg, VTERM_COLOR_IS_DEFAULT_BG(&cell->bg)),
		.bold = cell->attrs.bold,
		.reverse = cell->attrs.reverse,
		.underline = cell->attrs.underline != 0,
	};
}

static bool same(const struct look *a, const struct look *b)
{
	return a->foreground == b->foreground && a->background == b->background && a->bold == b->bold &&
	       a->reverse == b->reverse && a->underline == b->underline;
}

static void add_run(struct json *runs, const struct strbuf *text, const struct look *look)
{
	struct json *run = json_new_array(), *number = json_new_object();
	char flags[64];

	snprintf(flags, sizeof(flags), "%s%s%s", look->bold ? "bold " : "", look->reverse ? "reverse " : "",
	         look->underline ? "underline " : "");
	json_push_text(run, strbuf_text(text));
	json_set_int(number, "foreground", look->foreground);
	json_set_int(number, "background", look->background);
	json_set_text(number, "flags", flags);
	json_push(run, number);
	json_push(runs, run);
}

static void put_character(struct strbuf *out, uint32_t code)
{
	char text[5] = "";
	if (code < 0x80) {
		strbuf_putc(out, code ? (char)code : ' ');
		return;
	}
	if (code < 0x800) {
		text[0] = (char)(0xc0 | code >> 6);
		text[1] = (char)(0x80 | (code & 0x3f));
	} else if (code < 0x10000) {
		text[0] = (char)(0xe0 | code >> 12);
		text[1] = (char)(0x80 | (code >> 6 & 0x3f));
		text[2] = (char)(0x80 | (code & 0x3f));
	} else {
		text[0] = (char)(0xf0 | code >> 18);
		text[1] = (char)(0x80 | (code >> 12 & 0x3f));
		text[2] = (char)(0x80 | (code >> 6 & 0x3f));
		text[3] = (char)(0x80 | (code & 0x3f));
	}
	strbuf_puts(out, text);
}

static void put_cell(struct strbuf *out, const VTermScreenCell *cell)
{
	if (cell->chars[0] == 0)
		strbuf_putc(out, ' ');
	for (size_t i = 0; i < VTERM_MAX_CHARS_PER_CELL && cell->chars[i]; i++)
		put_character(out, cell->chars[i]);
}

static void add_row(const struct glass *glass, int row, struct json *rows, struct json *styles)
{
	_cleanup_strbuf_ struct strbuf text = {0}, run = {0};
	struct json *runs = json_new_array();
	struct look before = {0};

	for (int column = 0; column < glass->columns;) {
		VTermScreenCell cell;
		VTermPos place = {.row = row, .col = column};
		vterm_screen_get_cell(glass->screen, place, &cell);
		struct look look = look_of(&cell);
		if (column > 0 && !same(&look, &before)) {
			add_run(runs, &run, &before);
			strbuf_reset(&run);
		}
		before = look;
		put_cell(&text, &cell);
		put_cell(&run, &cell);
		column += cell.width > 1 ? cell.width : 1;
	}
	add_run(runs, &run, &before);
	while (text.length > 0 && text.data[text.length - 1] == ' ')
		text.data[--text.length] = '\0';
	json_push_text(rows, strbuf_text(&text));
	json_push(styles, runs);
}

static struct json *screen_json(struct glass *glass)
{
	struct json *answer = json_new_object(), *rows = json_new_array(), *styles = json_new_array();
	VTermPos cursor;

	vterm_screen_flush_damage(glass->screen);
	vterm_state_get_cursorpos(vterm_obtain_state(glass->terminal), &cursor);
	for (int row = 0; row < glass->rows; row++)
		add_row(glass, row, rows, styles);
	json_set(answer, "rows", rows);
	json_set(answer, "styles", styles);
	json_set_int(answer, "cursor_row", glass->cursor_visible ? cursor.row : -1);
	json_set_int(answer, "cursor_column", cursor.col);
	json_set_bool(answer, "alternate", glass->alternate);
	json_set_bool(answer, "hung_up", glass->fd < 0);
	json_set_bool(answer, "ended", glass->ended);
	json_set_int(answer, "exit", glass->exit_code);
	return answer;
}

static void type_keys(struct glass *glass, const char *hex)
{
	for (; isxdigit((unsigned char)hex[0]) && isxdigit((unsigned char)hex[1]); hex += 2) {
		char digits[3] = {hex[0], hex[1], '\0'};
		char byte = (char)strtol(digits, NULL, 16);
		if (glass->fd < 0 || write(glass->fd, &byte, 1) != 1)
			return;
	}
}

static void resize(struct glass *glass, const char *words)
{
	struct winsize size = {0};
	char *rest;
	glass->rows = (int)strtol(words, &rest, 10);
	glass->columns = (int)strtol(rest, NULL, 10);
	size.ws_row = (unsigned short)glass->rows;
	size.ws_col = (unsigned short)glass->columns;
	vterm_set_size(glass->terminal, glass->rows, glass->columns);
	if (glass->fd >= 0)
		ioctl(glass->fd, TIOCSWINSZ, &size);
}

static struct json *mode_json(const struct glass *glass)
{
	struct json *answer = json_new_object();
	struct termios mode = {0};
	if (glass->fd >= 0)
		tcgetattr(glass->fd, &mode);
	json_set_bool(answer, "edits_lines", (mode.c_lflag & ICANON) != 0);
	json_set_bool(answer, "echoes", (mode.c_lflag & ECHO) != 0);
	return answer;
}

/* Ticks of user and system time, and pages in memory, as /proc has them. */
static struct json *cpu_json(const struct glass *glass)
{
	struct json *answer = json_new_object();
	char path[64], text[1024] = "";
	unsigned long user = 0, kernel = 0;
	long pages = 0;

	snprintf(path, sizeof(path), "/proc/%ld/stat", (long)glass->pid);
	FILE *file = fopen(path, "r");
	if (file && fgets(text, sizeof(text), file)) {
		const char *at = strrchr(text, ')');
		if (at)
			sscanf(at + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu %*d %*d %*d %*d %*d %*d %*u %*u"
			               " %ld", &user, &kernel, &pages);
	}
	if (file)
		fclose(file);
	json_set_int(answer, "cpu_ms", (int64_t)(user + kernel) * 1000 / sysconf(_SC_CLK_TCK));
	json_set_int(answer, "memory_bytes", (int64_t)pages * sysconf(_SC_PAGESIZE));
	return answer;
}

static struct json *obey(struct glass *glass, char *line)
{
	char *words = line + strcspn(line, " ");
	if (*words)
		*words++ = '\0';
	if (strcmp(line, "mode") == 0)
		return mode_json(glass);
	if (strcmp(line, "cpu") == 0)
		return cpu_json(glass);
	if (strcmp(line, "copied") == 0) {
		struct json *answer = json_new_object();
		json_set_text(answer, "copied", strbuf_text(&glass->copied));
		return answer;
	}
	if (strcmp(line, "next") == 0)
		take_output(glass, (int)strtol(words, NULL, 10));
	else if (strcmp(line, "keys") == 0)
		type_keys(glass, words);
	else if (strcmp(line, "resize") == 0)
		resize(glass, words);
	else if (strcmp(line, "signal") == 0)
		kill(glass->pid, (int)strtol(words, NULL, 10));
	else if (strcmp(line, "hang_up") == 0 && glass->fd >= 0)
		close(glass->fd), glass->fd = -1;
	take_output(glass, 0);
	reap(glass);
	return screen_json(glass);
}

static void start(struct glass *glass, char **argv)
{
	struct winsize size = {.ws_row = (unsigned short)glass->rows, .ws_col = (unsigned short)glass->columns};
	glass->pid = forkpty(&glass->fd, NULL, NULL, &size);
	if (glass->pid == 0) {
		execv(argv[0], argv);
		perror(argv[0]);
		_exit(127);
	}
	if (glass->pid < 0) {
		perror("forkpty");
		exit(1);
	}
}

int main(int argc, char **argv)
{
	static const VTermScreenCallbacks CALLBACKS = {.settermprop = set_property};
	struct glass glass = {.cursor_visible = true};
	char *line = NULL;
	size_t room = 0;

	if (argc < 4) {
		fputs("usage: glass ROWS COLUMNS PROGRAM [WORD...]\n", stderr);
		return 2;
	}
	signal(SIGPIPE, SIG_IGN);
	glass.rows = (int)strtol(argv[1], NULL, 10);
	glass.columns = (int)strtol(argv[2], NULL, 10);
	glass.terminal = vterm_new(glass.rows, glass.columns);
	vterm_set_utf8(glass.terminal, 1);
	glass.screen = vterm_obtain_screen(glass.terminal);
	vterm_screen_enable_altscreen(glass.screen, 1);
	vterm_screen_set_callbacks(glass.screen, &CALLBACKS, &glass);
	vterm_screen_reset(glass.screen, 1);
	start(&glass, argv + 3);
	while (getline(&line, &room, stdin) > 0) {
		_cleanup_strbuf_ struct strbuf text = {0};
		line[strcspn(line, "\n")] = '\0';
		struct json *answer = obey(&glass, line);
		json_write(&text, answer);
		json_close(answer);
		puts(strbuf_text(&text));
		fflush(stdout);
	}
	free(line);
	if (!glass.ended)
		kill(glass.pid, SIGKILL);
	vterm_free(glass.terminal);
	strbuf_clear(&glass.copied);
	return 0;
}
