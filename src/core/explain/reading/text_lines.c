#include "core/explain/reading/text_lines.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "base/strbuf.h"
#include "core/explain/reading/text_node.h"

enum { KEY_LIMIT = 64 };

struct joiner {
	struct arena *arena;
	struct text_lines *lines;
	struct strbuf pending; /* the text of the last line, which may go on */
	bool has_pending, has_key;
	bool in_literal;       /* a quote is open at the end of it */
	size_t indent;
};

static bool begins(const char *text, const char *word)
{
	return strncmp(text, word, strlen(word)) == 0;
}

/* ---- what a line is ---- */

/* The length of "Key" in "Key: value" or "Key:"; 0 when it is none. */
static size_t key_length(const char *text)
{
	size_t length = 0;
	if (!isalpha((unsigned char)*text))
		return 0;
	while (length < KEY_LIMIT && text[length] &&
	       (isalnum((unsigned char)text[length]) || strchr(" /_-.()#", text[length])))
		length++;
	bool is_key = text[length] == ':' && (text[length + 1] == ' ' || text[length + 1] == '\0');
	return is_key ? length : 0;
}

static bool is_heading(const char *text)
{
	static const char *const words[] = {"InitPlan ", "SubPlan ", "CTE "};
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (begins(text, words[i]) && text[strlen(words[i])])
			return !strstr(text, "  (cost=") && !begins(text, "CTE Scan on ");
	return false;
}

static const char *behind_arrow(const char *text)
{
	if (!begins(text, "->"))
		return NULL;
	return text + 2 + strspn(text + 2, " ");
}

static bool is_worker(const char *text, int *ret_number, const char **ret_rest)
{
	char *end;
	if (!begins(text, "Worker ") || !isdigit((unsigned char)text[7]))
		return false;
	long number = strtol(text + 7, &end, 10);
	if (*end != ':' || number > PLAN_WORKER_LIMIT)
		return false;
	*ret_number = (int)number;
	*ret_rest = end + 1 + strspn(end + 1, " ");
	return true;
}

void text_line_cut_key(struct text_line *line)
{
	line->key_length = key_length(line->text);
	line->value = line->text + line->key_length + (line->key_length > 0);
	line->value += strspn(line->value, " ");
}

static void classify(struct text_line *line, const char *text)
{
	const char *node = behind_arrow(text);
	line->text = text;
	if (node) {
		line->kind = LINE_NODE;
		line->text = node;
	} else if (is_heading(text)) {
		line->kind = LINE_HEADING;
	} else if (is_worker(text, &line->worker, &line->text)) {
		line->kind = LINE_WORKER;
	} else {
		text_line_cut_key(line);
		line->kind = line->key_length ? LINE_PROPERTY : LINE_OTHER;
	}
}

/* ---- joining ---- */

static void flush(struct joiner *joiner)
{
	if (!joiner->has_pending)
		return;
	struct text_line line = {.indent = joiner->indent};
	classify(&line, arena_strndup(joiner->arena, strbuf_text(&joiner->pending), joiner->pending.length));
	list_push(joiner->arena, joiner->lines, line);
	joiner->has_pending = false;
}

static void append(struct joiner *joiner, const char *text)
{
	strbuf_puts(&joiner->pending, text);
	for (; *text; text++)
		joiner->in_literal ^= *text == '\'';
}

static void begin(struct joiner *joiner, size_t indent, const char *text)
{
	flush(joiner);
	strbuf_reset(&joiner->pending);
	joiner->indent = indent;
	joiner->has_pending = true;
	joiner->has_key = key_length(text) > 0;
	joiner->in_literal = false;
	append(joiner, text);
}

/* Within a literal nothing is what it seems, but a node with its costs is one. */
static bool is_open_literal(const struct joiner *joiner)
{
	return joiner->has_pending && joiner->has_key && joiner->in_literal;
}

static bool is_whole_node(const char *text)
{
	return begins(text, "->") && (strstr(text, "  (cost=") || strstr(text, " (actual "));
}

/* "Execution Time: 1.234 ms" */
static bool is_time(const char *text)
{
	const char *value = strstr(text, " Time: ");
	if (!value || (!begins(text, "Planning") && !begins(text, "Execution")))
		return false;
	value += sizeof(" Time: ") - 1;
	return strcmp(value + strspn(value, "0123456789."), " ms") == 0;
}

static bool goes_on(const struct joiner *joiner, const char *text)
{
	struct text_line line = {0};
	if (!joiner->has_pending)
		return false;
	if (is_open_literal(joiner))
		return !is_whole_node(text) && !is_time(text);
	classify(&line, text);
	return line.kind == LINE_OTHER && joiner->has_key && !text_node_is_target(text) && !begins(text, "Trigger ");
}

/* The query's text goes on to the first line that is a node. */
static bool is_in_query(const struct joiner *joiner, const char *text)
{
	return joiner->has_pending && begins(strbuf_text(&joiner->pending), "Query Text:") &&
	       !text_node_has_costs(text) && !begins(text, "Query Parameters: ");
}

static void take_line(struct joiner *joiner, bool *has_root, const char *line)
{
	size_t indent = strspn(line, " \t");
	const char *text = line + indent;
	if (!*has_root) {
		if (is_in_query(joiner, text)) {
			append(joiner, "\n");
			append(joiner, line);
			return;
		}
		*has_root = text_node_is_root(text);
		if (*has_root || begins(text, "Query Text:") || begins(text, "Query Parameters: "))
			begin(joiner, indent, text);
		return;
	}
	if (!*text && !is_open_literal(joiner))
		return;
	if (goes_on(joiner, text)) {
		append(joiner, "\n");
		append(joiner, line);
	} else {
		begin(joiner, indent, text);
	}
}

void text_lines_read(struct arena *arena, const char *text, size_t length, struct text_lines *ret_lines)
{
	struct joiner joiner = {.arena = arena, .lines = ret_lines};
	bool has_root = false;
	*ret_lines = (struct text_lines){0};
	for (const char *at = text, *end = text + length; at < end;) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		size_t size = (size_t)((newline ? newline : end) - at);
		while (size && isspace((unsigned char)at[size - 1]))
			size--;
		take_line(&joiner, &has_root, arena_strndup(arena, at, size));
		at = newline ? newline + 1 : end;
	}
	flush(&joiner);
	strbuf_clear(&joiner.pending);
}
