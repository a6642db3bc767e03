#include "core/explain/condition.h"

#include <string.h>

#include "base/strbuf.h"
#include "core/sql/identifier.h"
#include "core/sql/lexer.h"

struct tokens {
	const char *text;
	LIST(struct token) list;
	size_t *close; /* for each opening token the one that closes it; the end where none does */
};

/* Tokens from `start` up to and without `end`. */
struct span {
	const struct tokens *tokens;
	size_t start, end;
};

/* ---- tokens ---- */

static void match_parentheses(struct arena *arena, struct tokens *tokens)
{
	size_t count = tokens->list.count, depth = 0;
	size_t *open = arena_alloc(arena, (count + 1) * sizeof(*open));

	tokens->close = arena_alloc(arena, (count + 1) * sizeof(*tokens->close));
	for (size_t i = 0; i < count; i++) {
		tokens->close[i] = count;
		if (tokens->list.items[i].kind == TOKEN_OPEN)
			open[depth++] = i;
		else if (tokens->list.items[i].kind == TOKEN_CLOSE && depth)
			tokens->close[open[--depth]] = i;
	}
}

static void tokenize(struct arena *arena, const char *text, struct tokens *ret)
{
	struct lexer lexer = {text, strlen(text), 0};
	struct token token;

	*ret = (struct tokens){.text = text};
	while ((token = lexer_next(&lexer)).kind != TOKEN_END)
		list_push(arena, &ret->list, token);
	match_parentheses(arena, ret);
}

static struct token at(const struct tokens *tokens, size_t i)
{
	return i < tokens->list.count ? tokens->list.items[i] : (struct token){.kind = TOKEN_END};
}

static bool is_text(const struct tokens *tokens, size_t i, const char *text)
{
	struct token token = at(tokens, i);
	return token.end - token.start == strlen(text) &&
	       memcmp(tokens->text + token.start, text, token.end - token.start) == 0;
}

static bool is_kind(const struct tokens *tokens, size_t i, enum token_kind kind)
{
	return at(tokens, i).kind == kind;
}

/* The server writes its own words in capitals, and quotes names that have any. */
static bool is_own_word(const struct tokens *tokens, size_t i)
{
	struct token token = at(tokens, i);

	for (size_t byte = token.start; byte < token.end; byte++)
		if (tokens->text[byte] >= 'A' && tokens->text[byte] <= 'Z')
			return true;
	return sql_is_keyword(tokens->text + token.start, token.end - token.start);
}

/* Behind the type that starts at i: "timestamp(3) with time zone", "public.citext[]". */
static size_t type_end(const struct tokens *tokens, size_t i)
{
	static const char *const MORE[] = {"varying", "precision", "with", "without", "time", "zone"};
	bool more = true;

	while (is_kind(tokens, i + 1, TOKEN_DOT))
		i += 2;
	for (i++; more;) {
		more = false;
		if (is_kind(tokens, i, TOKEN_OPEN) && tokens->close[i] < tokens->list.count) {
			i = tokens->close[i] + 1;
			more = true;
		}
		for (size_t word = 0; word < sizeof(MORE) / sizeof(MORE[0]); word++)
			if (is_text(tokens, i, MORE[word])) {
				i++;
				more = true;
			}
	}
	return i;
}

/* A word that is no column though it looks like one: EXTRACT(year FROM x), COLLATE "C", OPERATOR(public.=). */
static bool is_argument_word(const struct tokens *tokens, size_t i)
{
	if (i && is_text(tokens, i - 1, "COLLATE"))
		return true;
	if (i > 1 && (is_text(tokens, i - 2, "EXTRACT") || is_text(tokens, i - 2, "OPERATOR")))
		return true;
	return is_text(tokens, i, "hashed") || is_text(tokens, i, "alternatives") ||
	       (i && is_kind(tokens, i - 1, TOKEN_DOT));
}

/*
 * Behind the column that starts at i, or i where none does. `ret_name` is the token of its name, `ret_qualifier` that
 * of the table before it, or the same.
 */
static size_t column_end(const struct tokens *tokens, size_t i, size_t *ret_qualifier, size_t *ret_name)
{
	size_t name = i;

	if (!is_kind(tokens, i, TOKEN_WORD) && !is_kind(tokens, i, TOKEN_QUOTED))
		return i;
	if (is_argument_word(tokens, i) || (is_kind(tokens, i, TOKEN_WORD) && is_own_word(tokens, i)))
		return i;
	if (is_kind(tokens, i + 1, TOKEN_DOT)) {
		name = i + 2;
		if (!is_kind(tokens, name, TOKEN_WORD) && !is_kind(tokens, name, TOKEN_QUOTED))
			return i;
	}
	if (is_text(tokens, name + 1, "("))
		return i;
	*ret_qualifier = i;
	*ret_name = name;
	return name + 1;
}

static const char *text_of(struct arena *arena, const struct tokens *tokens, size_t i)
{
	struct token token = at(tokens, i);
	return arena_strndup(arena, tokens->text + token.start, token.end - token.start);
}

/* ---- columns ---- */

/* The next column at or behind *i, which then stands behind it; casts are stepped over. */
static bool next_column(const struct tokens *tokens, size_t *i, size_t *ret_qualifier, size_t *ret_name)
{
	while (*i < tokens->list.count) {
		size_t end = column_end(tokens, *i, ret_qualifier, ret_name);
		if (end > *i) {
			*i = end;
			return true;
		}
		*i = is_text(tokens, *i, "::") ? type_end(tokens, *i + 1) : *i + 1;
	}
	return false;
}

static void collect(struct arena *arena, const char *condition, bool qualifiers, struct text_list *ret)
{
	struct tokens tokens;
	size_t i = 0, qualifier = 0, name = 0;

	*ret = (struct text_list){0};
	if (!condition || (!qualifiers && strstr(condition, "SubPlan ")))
		return;
	tokenize(arena, condition, &tokens);
	while (next_column(&tokens, &i, &qualifier, &name))
		if (!qualifiers)
			text_list_add_once(arena, ret, text_of(arena, &tokens, name));
		else if (qualifier != name)
			text_list_add_once(arena, ret, text_of(arena, &tokens, qualifier));
}

void condition_columns(struct arena *arena, const char *condition, struct text_list *ret_columns)
{
	collect(arena, condition, false, ret_columns);
}

void condition_qualifiers(struct arena *arena, const char *condition, struct text_list *ret_qualifiers)
{
	collect(arena, condition, true, ret_qualifiers);
}

/* Behind the words that may follow a column in a sort: DESC NULLS LAST. */
static size_t direction_end(const struct tokens *tokens, size_t i)
{
	static const char *const WORDS[] = {"ASC", "DESC", "NULLS", "FIRST", "LAST"};
	for (size_t word = 0; word < sizeof(WORDS) / sizeof(WORDS[0]);) {
		bool found = is_text(tokens, i, WORDS[word]);
		i += found;
		word = found ? 0 : word + 1;
	}
	return i;
}

void condition_sort_keys(struct arena *arena, const char *sort_key, struct text_list *ret_keys)
{
	struct tokens tokens;
	size_t qualifier = 0, name = 0;

	*ret_keys = (struct text_list){0};
	if (!sort_key)
		return;
	tokenize(arena, sort_key, &tokens);
	for (size_t i = 0; i < tokens.list.count; i++) {
		size_t end = column_end(&tokens, i, &qualifier, &name);
		size_t next = direction_end(&tokens, end);
		if (end == i || (next < tokens.list.count && !is_kind(&tokens, next, TOKEN_COMMA))) {
			*ret_keys = (struct text_list){0};
			return;
		}
		size_t from = at(&tokens, name).start, to = at(&tokens, next - 1).end;
		text_list_add_once(arena, ret_keys, arena_strndup(arena, sort_key + from, to - from));
		i = next;
	}
}

/* ---- terms ---- */

static struct span unwrap(struct span span)
{
	while (span.end > span.start + 1 && is_text(span.tokens, span.start, "(") &&
	       span.tokens->close[span.start] == span.end - 1) {
		span.start++;
		span.end--;
	}
	return span;
}

/* The first token that passes for one of two texts outside parentheses, or the end. */
static size_t find_outside(struct span span, const char *text)
{
	for (size_t i = span.start; i < span.end; i++) {
		if (is_text(span.tokens, i, text))
			return i;
		if (is_kind(span.tokens, i, TOKEN_OPEN) && span.tokens->close[i] < span.end)
			i = span.tokens->close[i];
	}
	return span.end;
}

static size_t find_operator(struct span span)
{
	for (size_t i = span.start; i < span.end; i++) {
		if (is_kind(span.tokens, i, TOKEN_OPERATOR) && !is_text(span.tokens, i, "::"))
			return i;
		if (is_kind(span.tokens, i, TOKEN_OPEN) && span.tokens->close[i] < span.end)
			i = span.tokens->close[i];
	}
	return span.end;
}

/* No column, and nothing that is computed by another part of the plan and changes with each row. */
static bool is_constant(struct span span)
{
	size_t qualifier, name;

	if (span.start >= span.end)
		return false;
	for (size_t i = span.start; i < span.end;) {
		if (column_end(span.tokens, i, &qualifier, &name) > i || is_text(span.tokens, i, "SubPlan"))
			return false;
		i = is_text(span.tokens, i, "::") ? type_end(span.tokens, i + 1) : i + 1;
	}
	return true;
}

/* Whether a constant is a word, so that a column cast to text for its sake is a varchar and not a number or date. */
static bool is_word_literal(struct span constant)
{
	struct token token = at(constant.tokens, unwrap(constant).start);
	const char *text = constant.tokens->text + token.start;

	return token.kind == TOKEN_LITERAL && token.end > token.start + 2 && text[0] == '\'' &&
	       ((text[1] >= 'g' && text[1] <= 'z') || (text[1] >= 'G' && text[1] <= 'Z')) &&
	       strncmp(text + 1, "true'", 5) != 0;
}

/* The expression without qualifiers, as CREATE INDEX takes it. */
static const char *expression_of(struct arena *arena, struct span span)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	const struct tokens *tokens = span.tokens;
	size_t qualifier, name, copied = at(tokens, span.start).start;

	strbuf_putc(&text, '(');
	for (size_t i = span.start; i < span.end; i++)
		if (column_end(tokens, i, &qualifier, &name) > i && qualifier != name) {
			strbuf_add(&text, tokens->text + copied, at(tokens, qualifier).start - copied);
			copied = at(tokens, name).start;
		}
	strbuf_add(&text, tokens->text + copied, at(tokens, span.end - 1).end - copied);
	strbuf_putc(&text, ')');
	return arena_strdup(arena, strbuf_text(&text));
}

struct operand {
	const char *qualifier, *key;
	bool as_text; /* it is cast to text */
};

/* A column, perhaps in parentheses and cast to text. */
static bool read_column(struct arena *arena, struct span span, struct operand *ret)
{
	size_t qualifier, name, cast;
	struct operand operand = {0};

	span = unwrap(span);
	cast = find_outside(span, "::");
	if (cast < span.end) {
		if (cast + 2 != span.end || !is_text(span.tokens, cast + 1, "text"))
			return false;
		operand.as_text = true;
		span.end = cast;
		span = unwrap(span);
	}
	if (column_end(span.tokens, span.start, &qualifier, &name) != span.end || span.start == span.end)
		return false;
	operand.key = text_of(arena, span.tokens, name);
	operand.qualifier = qualifier == name ? NULL : text_of(arena, span.tokens, qualifier);
	*ret = operand;
	return true;
}

/* Expressions that are known to be immutable: lower(x), upper(x), and jsonb -> and ->> of a constant. */
static bool read_expression(struct arena *arena, struct span span, struct operand *ret)
{
	struct operand inner;
	size_t operator;

	span = unwrap(span);
	if ((is_text(span.tokens, span.start, "lower") || is_text(span.tokens, span.start, "upper")) &&
	    is_text(span.tokens, span.start + 1, "(") && span.tokens->close[span.start + 1] + 1 == span.end) {
		if (!read_column(arena, (struct span){span.tokens, span.start + 2, span.end - 1}, &inner))
			return false;
	} else {
		operator = find_operator(span);
		if (!is_text(span.tokens, operator, "->>") && !is_text(span.tokens, operator, "->"))
			return false;
		if (!read_column(arena, (struct span){span.tokens, span.start, operator}, &inner) ||
		    !is_constant((struct span){span.tokens, operator + 1, span.end}) || inner.as_text)
			return false;
	}
	*ret = (struct operand){.qualifier = inner.qualifier, .key = expression_of(arena, span)};
	return true;
}

static enum term_kind kind_of_operator(struct span span, size_t operator)
{
	static const char *const RANGES[] = {"<", ">", "<=", ">="};

	if (is_text(span.tokens, operator, "="))
		return TERM_EQUAL;
	if (is_text(span.tokens, operator, "@>"))
		return TERM_CONTAINED;
	for (size_t i = 0; i < sizeof(RANGES) / sizeof(RANGES[0]); i++)
		if (is_text(span.tokens, operator, RANGES[i]))
			return TERM_RANGE;
	return TERM_OTHER;
}

/* What GIN takes: '{"a": 1}'::jsonb, '{a,b}'::text[]. */
static bool is_gin_constant(struct span constant)
{
	constant = unwrap(constant);
	return is_text(constant.tokens, constant.end - 1, "]") || is_text(constant.tokens, constant.end - 1, "jsonb");
}

static bool serves(enum term_kind kind, const struct operand *operand, struct span constant)
{
	if (kind == TERM_OTHER || !is_constant(constant))
		return false;
	if (operand->as_text && !(kind == TERM_EQUAL && is_word_literal(constant)))
		return false;
	return kind != TERM_CONTAINED || is_gin_constant(constant);
}

/* column op constant, constant = column, column = column. */
static void read_comparison(struct arena *arena, struct span span, size_t operator, struct term *term)
{
	struct span left = {span.tokens, span.start, operator}, right = {span.tokens, operator + 1, span.end};
	enum term_kind kind = kind_of_operator(span, operator);
	struct operand operand, other;

	if (is_text(span.tokens, right.start, "ANY") && kind == TERM_EQUAL) {
		right.start++;
		kind = TERM_ANY;
	}
	if (kind == TERM_EQUAL && is_constant(left)) {
		struct span swapped = left;
		left = right;
		right = swapped;
	}
	if (!read_column(arena, left, &operand) && !read_expression(arena, left, &operand))
		return;
	if (serves(kind, &operand, right)) {
		*term = (struct term){.kind = kind, .qualifier = operand.qualifier, .key = operand.key};
	} else if (kind == TERM_EQUAL && !operand.as_text && read_column(arena, right, &other) && !other.as_text) {
		*term = (struct term){TERM_JOIN, operand.qualifier, operand.key, other.qualifier, other.key};
	}
}

static struct term read_term(struct arena *arena, struct span span)
{
	struct term term = {.kind = TERM_OTHER};
	struct operand operand;
	size_t operator;

	span = unwrap(span);
	if (find_outside(span, "OR") < span.end)
		return term;
	operator = find_operator(span);
	if (operator < span.end) {
		read_comparison(arena, span, operator, &term);
		return term;
	}
	if (is_text(span.tokens, span.start, "NOT"))
		span.start++;
	else if (span.end > span.start + 2 && is_text(span.tokens, span.end - 2, "IS") &&
	         is_text(span.tokens, span.end - 1, "NULL"))
		span.end -= 2;
	if (read_column(arena, span, &operand) && !operand.as_text)
		term = (struct term){.kind = TERM_STATE, .qualifier = operand.qualifier, .key = operand.key};
	return term;
}

void condition_terms(struct arena *arena, const char *condition, struct term_list *ret_terms)
{
	struct tokens tokens;
	struct span rest;

	*ret_terms = (struct term_list){0};
	if (!condition)
		return;
	tokenize(arena, condition, &tokens);
	rest = unwrap((struct span){&tokens, 0, tokens.list.count});
	if (find_outside(rest, "OR") < rest.end) {
		list_push(arena, ret_terms, ((struct term){.kind = TERM_OTHER}));
		return;
	}
	while (rest.start < rest.end) {
		size_t end = find_outside(rest, "AND");
		list_push(arena, ret_terms, read_term(arena, (struct span){&tokens, rest.start, end}));
		rest.start = end + 1;
	}
}
