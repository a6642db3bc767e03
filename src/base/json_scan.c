#include "base/json_scan.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

struct scanner {
	struct arena *arena;
	const char *original;
	char *text, *at;         /* a copy, ended by NUL; texts are decoded in place */
	struct json_node *open[JSON_SCAN_DEPTH];
	struct json_node *last[JSON_SCAN_DEPTH]; /* value of each that is open */
	size_t depth;
};

static enum status refuse(const struct scanner *scanner, struct error *err, const char *message)
{
	long line = 1;
	const char *begin = scanner->original, *end = begin + (scanner->at - scanner->text);
	for (const char *at = begin; at < end; at++)
		if (*at == '\n') {
			line++;
			begin = at + 1;
		}
	error_set(err, FAIL_REFUSED, "invalid JSON: %s", message);
	return error_where(err, NULL, line, (long)(end - begin) + 1);
}

static void skip_blanks(struct scanner *scanner)
{
	while (*scanner->at == ' ' || *scanner->at == '\n' || *scanner->at == '\r' || *scanner->at == '\t')
		scanner->at++;
}

/* ---- texts ---- */

static int hex_digit(char digit)
{
	if (digit >= '0' && digit <= '9')
		return digit - '0';
	if (digit >= 'a' && digit <= 'f')
		return digit - 'a' + 10;
	return digit >= 'A' && digit <= 'F' ? digit - 'A' + 10 : -1;
}

/* Four digits of hex; -1 when they are none. */
static long read_unit(const char *at)
{
	long unit = 0;
	for (int i = 0; i < 4; i++) {
		int digit = hex_digit(at[i]);
		if (digit < 0)
			return -1;
		unit = unit * 16 + digit;
	}
	return unit;
}

/* Behind "\u": the character, of one unit or two. Zero is refused, since it would end the text. */
static long read_character(char **at)
{
	long code = read_unit(*at);
	*at += code < 0 ? 0 : 4;
	if (code < 0xD800 || code > 0xDFFF)
		return code == 0 ? -1 : code;
	if (code > 0xDBFF || (*at)[0] != '\\' || (*at)[1] != 'u')
		return -1;
	long low = read_unit(*at + 2);
	if (low < 0xDC00 || low > 0xDFFF)
		return -1;
	*at += 6;
	return 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
}

static char *write_character(char *out, long code)
{
	if (code < 0x80) {
		*out++ = (char)code;
	} else if (code < 0x800) {
		*out++ = (char)(0xC0 | code >> 6);
		*out++ = (char)(0x80 | (code & 0x3F));
	} else if (code < 0x10000) {
		*out++ = (char)(0xE0 | code >> 12);
		*out++ = (char)(0x80 | (code >> 6 & 0x3F));
		*out++ = (char)(0x80 | (code & 0x3F));
	} else {
		*out++ = (char)(0xF0 | code >> 18);
		*out++ = (char)(0x80 | (code >> 12 & 0x3F));
		*out++ = (char)(0x80 | (code >> 6 & 0x3F));
		*out++ = (char)(0x80 | (code & 0x3F));
	}
	return out;
}

/* What follows a backslash; NULL when nothing may. It is never longer than what it is written as. */
static char *decode_escape(char **at, char *out)
{
	static const char letters[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";
	char letter = *(*at)++;
	const char *found = letter ? strchr(letters, letter) : NULL;
	if (found) {
		*out++ = meant[found - letters];
		return out;
	}
	long code = letter == 'u' ? read_character(at) : -1;
	return code < 0 ? NULL : write_character(out, code);
}

/* At the opening quote. */
static bool scan_text(struct scanner *scanner, const char **ret_text, size_t *ret_length)
{
	char *at = scanner->at + 1, *out = at, *begin = at;
	while (*at != '"') {
		if ((unsigned char)*at < 0x20)
			return false;
		if (*at != '\\') {
			*out++ = *at++;
			continue;
		}
		at++;
		out = decode_escape(&at, out);
		if (!out)
			return false;
	}
	*out = '\0';
	*ret_text = begin;
	*ret_length = (size_t)(out - begin);
	if (text_valid_prefix(begin, *ret_length) != *ret_length)
		return false;
	scanner->at = at + 1;
	return true;
}

/* ---- numbers and words ---- */

static bool skip_digits(char **at)
{
	char *begin = *at;
	while (**at >= '0' && **at <= '9')
		(*at)++;
	return *at > begin;
}

static bool scan_number(struct scanner *scanner, struct json_node *node)
{
	char *at = scanner->at;
	node->kind = JSON_KIND_INT;
	node->text = at;
	at += *at == '-';
	bool zero = *at == '0';
	char *digits = at;
	if (!skip_digits(&at) || (zero && at > digits + 1))
		return false;
	if (*at == '.') {
		node->kind = JSON_KIND_REAL;
		at++;
		if (!skip_digits(&at))
			return false;
	}
	if (*at == 'e' || *at == 'E') {
		node->kind = JSON_KIND_REAL;
		at++;
		at += *at == '+' || *at == '-';
		if (!skip_digits(&at))
			return false;
	}
	node->length = (size_t)(at - node->text);
	node->number = strtod(node->text, NULL);
	scanner->at = at;
	return true;
}

static bool scan_word(struct scanner *scanner, struct json_node *node)
{
	static const struct {
		const char *word;
		enum json_kind kind;
		bool flag;
	} words[] = {{"true", JSON_KIND_BOOL, true}, {"false", JSON_KIND_BOOL, false}, {"null", JSON_KIND_NULL, false}};
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		size_t length = strlen(words[i].word);
		if (strncmp(scanner->at, words[i].word, length) != 0)
			continue;
		node->kind = words[i].kind;
		node->flag = words[i].flag;
		scanner->at += length;
		return true;
	}
	return false;
}

/* ---- containers ---- */

static void append(struct scanner *scanner, struct json_node *node)
{
	if (!scanner->depth)
		return;
	struct json_node *container = scanner->open[scanner->depth - 1], **last = &scanner->last[scanner->depth - 1];
	if (*last)
		(*last)->next = node;
	else
		container->first = node;
	*last = node;
	container->count++;
}

static bool is_in_object(const struct scanner *scanner)
{
	return scanner->depth && scanner->open[scanner->depth - 1]->kind == JSON_KIND_OBJECT;
}

/* "key": before a value. */
static bool scan_key(struct scanner *scanner, struct json_node *node)
{
	size_t length;
	if (*scanner->at != '"' || !scan_text(scanner, &node->key, &length))
		return false;
	skip_blanks(scanner);
	if (*scanner->at != ':')
		return false;
	scanner->at++;
	skip_blanks(scanner);
	return true;
}

/* One value, a container only as far as its opening bracket. */
static enum status scan_value(struct scanner *scanner, struct json_node **ret_node, struct error *err)
{
	struct json_node *node = arena_alloc(scanner->arena, sizeof(*node));
	if (is_in_object(scanner) && !scan_key(scanner, node))
		return refuse(scanner, err, "a key and a colon expected");
	append(scanner, node);
	*ret_node = node;
	char first = *scanner->at;
	if (first == '{' || first == '[') {
		node->kind = first == '{' ? JSON_KIND_OBJECT : JSON_KIND_ARRAY;
		if (scanner->depth == JSON_SCAN_DEPTH)
			return refuse(scanner, err, "it is nested too deep");
		scanner->open[scanner->depth] = node;
		scanner->last[scanner->depth++] = NULL;
		scanner->at++;
		return OK;
	}
	if (first == '"') {
		node->kind = JSON_KIND_TEXT;
		if (scan_text(scanner, &node->text, &node->length))
			return OK;
		return refuse(scanner, err, "a text has no end or no sense");
	}
	bool known = first == '-' || (first >= '0' && first <= '9') ? scan_number(scanner, node) : scan_word(scanner, node);
	return known ? OK : refuse(scanner, err, "a value expected");
}

static bool closes(const struct scanner *scanner)
{
	return *scanner->at == (is_in_object(scanner) ? '}' : ']');
}

/* Closes what ends here; then a comma before the next value, or the end of all. */
static enum status scan_ends(struct scanner *scanner, bool after_open, struct error *err)
{
	skip_blanks(scanner);
	if (after_open && !closes(scanner))
		return OK;
	while (scanner->depth && closes(scanner)) {
		scanner->depth--;
		scanner->at++;
		if (scanner->depth)
			skip_blanks(scanner);
	}
	if (!scanner->depth)
		return OK;
	if (*scanner->at != ',')
		return refuse(scanner, err, *scanner->at ? "a comma or a bracket expected" : "it ends too early");
	scanner->at++;
	skip_blanks(scanner);
	return OK;
}

enum status json_scan(struct arena *arena, const char *text, size_t length, const struct json_node **ret_root,
                      size_t *ret_used, struct error *err)
{
	struct scanner *scanner = arena_alloc(arena, sizeof(*scanner));
	struct json_node *root = NULL, *node = NULL;
	*scanner = (struct scanner){.arena = arena, .original = text, .text = arena_strndup(arena, text, length)};
	scanner->at = scanner->text;
	skip_blanks(scanner);
	do {
		size_t depth = scanner->depth;
		enum status status = scan_value(scanner, &node, err);
		if (status == OK && !root)
			root = node;
		if (status == OK && scanner->depth)
			status = scan_ends(scanner, scanner->depth > depth, err);
		if (status != OK)
			return status;
	} while (scanner->depth);
	*ret_root = root;
	*ret_used = (size_t)(scanner->at - scanner->text);
	return OK;
}
