#include "cli/words.h"

#include <stdbool.h>
#include <string.h>

static bool is_blank(char byte)
{
	return byte == ' ' || byte == '\t';
}

/* Appends what stands between the quotes and returns where the text goes on, or NULL when they are not closed. */
static const char *take_quoted(const char *text, struct strbuf *word)
{
	char quote = *text++;
	for (; *text && *text != quote; text++) {
		if (quote == '"' && *text == '\\' && (text[1] == '"' || text[1] == '\\'))
			text++;
		strbuf_putc(word, *text);
	}
	return *text ? text + 1 : NULL;
}

static enum status take_word(const char **text, struct strbuf *word, struct error *err)
{
	while (**text && !is_blank(**text)) {
		if (**text == '\'' || **text == '"') {
			const char *after = take_quoted(*text, word);
			if (!after)
				return error_set(err, FAIL_USAGE, "a %c quote is not closed", **text);
			*text = after;
			continue;
		}
		if (**text == '\\' && *++*text == '\0')
			return error_set(err, FAIL_USAGE, "a backslash stands at the end");
		strbuf_putc(word, *(*text)++);
	}
	return OK;
}

enum status words_split(struct arena *arena, const char *text, struct text_list *ret_words, struct error *err)
{
	for (;;) {
		_cleanup_strbuf_ struct strbuf word = {0};
		while (is_blank(*text))
			text++;
		if (!*text)
			return OK;
		enum status status = take_word(&text, &word, err);
		if (status)
			return status;
		list_push(arena, ret_words, arena_strdup(arena, strbuf_text(&word)));
	}
}

void words_quote(struct strbuf *out, const char *word)
{
	static const char PLAIN[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:=@%+,";
	if (*word && strspn(word, PLAIN) == strlen(word)) {
		strbuf_puts(out, word);
		return;
	}
	strbuf_putc(out, '\'');
	for (; *word; word++) {
		if (*word == '\'')
			strbuf_puts(out, "'\\''");
		else
			strbuf_putc(out, *word);
	}
	strbuf_putc(out, '\'');
}
