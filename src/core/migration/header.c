#include "core/migration/header.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "core/sql/cut.h"

/* ---- what a directive can say ---- */

struct directive_reader {
	struct arena *arena;
	struct migration *migration;
	struct script *script;
	const char *value;
	struct place place;
};

/* Takes the value; a message in err is enough, the place and the hint are added. */
typedef enum status read_function(struct directive_reader *reader, struct error *err);

static const char *next_word(struct directive_reader *reader, const char **text, const char *separators)
{
	*text += strspn(*text, separators);
	size_t length = strcspn(*text, separators);
	if (length == 0)
		return NULL;
	const char *word = arena_strndup(reader->arena, *text, length);
	*text += length;
	return word;
}

static enum status read_versions(struct directive_reader *reader, struct text_list *list, struct error *err)
{
	const char *text = reader->value;
	for (const char *word; (word = next_word(reader, &text, " \t,")) != NULL;) {
		if (word[strspn(word, "0123456789")])
			return error_set(err, FAIL_REFUSED, "\"%s\" is not a version", word);
		list_push(reader->arena, list, word);
	}
	return list->count ? OK : error_set(err, FAIL_REFUSED, "no version given");
}

static enum status read_requires(struct directive_reader *reader, struct error *err)
{
	struct migration *migration = reader->migration;
	if (read_versions(reader, &migration->requires, err) != OK)
		return err->status;
	while (migration->requires_lines.count < migration->requires.count)
		list_push(reader->arena, &migration->requires_lines, reader->place.line);
	return OK;
}

static enum status read_conflicts(struct directive_reader *reader, struct error *err)
{
	return read_versions(reader, &reader->migration->conflicts, err);
}

static enum status read_transaction(struct directive_reader *reader, struct error *err)
{
	if (strcmp(reader->value, "none") != 0)
		return error_set(err, FAIL_REFUSED, "\"%s\" is not none", reader->value);
	reader->script->transaction_none = true;
	return OK;
}

static enum status read_phase(struct directive_reader *reader, struct error *err)
{
	static const char *const PHASES[] = {
		[PHASE_EXPAND] = "expand", [PHASE_BACKFILL] = "backfill", [PHASE_CONTRACT] = "contract"};
	for (size_t i = PHASE_EXPAND; i < sizeof(PHASES) / sizeof(PHASES[0]); i++)
		if (strcmp(reader->value, PHASES[i]) == 0) {
			reader->migration->phase = (enum phase)i;
			return OK;
		}
	return error_set(err, FAIL_REFUSED, "\"%s\" is not expand, backfill or contract", reader->value);
}

static enum status read_extension(struct directive_reader *reader, struct error *err)
{
	const char *text = reader->value;
	const char *name = next_word(reader, &text, " \t"), *sign = next_word(reader, &text, " \t");
	const char *version = next_word(reader, &text, " \t");

	if (!name || (sign && strcmp(sign, ">=") != 0) || (sign && !version) || next_word(reader, &text, " \t"))
		return error_set(err, FAIL_REFUSED, "\"%s\" is not an extension with a version", reader->value);
	struct requirement requirement = {.extension = name, .at_least = version};
	list_push(reader->arena, &reader->migration->extensions, requirement);
	return OK;
}

static enum status read_server(struct directive_reader *reader, struct error *err)
{
	const char *digits = reader->value;
	if (strncmp(digits, ">=", 2) == 0)
		digits += 2 + strspn(digits + 2, " \t");
	size_t length = strspn(digits, "0123456789");
	if (length == 0 || length > 4 || digits[length])
		return error_set(err, FAIL_REFUSED, "\"%s\" is not a major version of the server", reader->value);
	reader->migration->requires_server = (int)strtol(digits, NULL, 10);
	return OK;
}

static enum status read_changes(struct directive_reader *reader, struct error *err)
{
	const char *text = reader->value;
	for (const char *name; (name = next_word(reader, &text, " \t,")) != NULL;)
		list_push(reader->arena, &reader->migration->changes_data, name);
	return reader->migration->changes_data.count ? OK : error_set(err, FAIL_REFUSED, "no table given");
}

static enum status read_duration(struct directive_reader *reader, int64_t *ret_ms, struct error *err)
{
	int64_t duration_ms;
	if (!text_read_duration(reader->value, &duration_ms) || duration_ms <= 0)
		return error_set(err, FAIL_REFUSED, "\"%s\" is not a duration", reader->value);
	*ret_ms = duration_ms;
	return OK;
}

static enum status read_lock_timeout(struct directive_reader *reader, struct error *err)
{
	return read_duration(reader, &reader->migration->lock_timeout_ms, err);
}

static enum status read_statement_timeout(struct directive_reader *reader, struct error *err)
{
	return read_duration(reader, &reader->migration->statement_timeout_ms, err);
}

static enum status read_guard_wait(struct directive_reader *reader, struct error *err)
{
	return read_duration(reader, &reader->migration->guard_wait_ms, err);
}

/* As many as the guard can see. */
static enum status read_guard_waiting(struct directive_reader *reader, struct error *err)
{
	size_t length = strspn(reader->value, "0123456789");
	long count = length > 0 && length < 4 && !reader->value[length] ? strtol(reader->value, NULL, 10) : 0;

	if (count < 1 || count > 90)
		return error_set(err, FAIL_REFUSED, "\"%s\" is not a number from 1 to 90", reader->value);
	reader->migration->guard_waiting = (int)count;
	return OK;
}

static enum status read_allow(struct directive_reader *reader, struct error *err)
{
	const char *text = reader->value;
	const char *rule = next_word(reader, &text, " \t"), *because = next_word(reader, &text, " \t");

	text += strspn(text, " \t");
	if (!rule || !because || strcmp(because, "because") != 0 || !*text)
		return error_set(err, FAIL_REFUSED, "\"%s\" gives no reason", reader->value);
	struct allowance allowance = {
		.rule = rule, .reason = arena_strdup(reader->arena, text), .line = reader->place.line};
	list_push(reader->arena, &reader->script->allowances, allowance);
	return OK;
}

enum { IN_UP = 1, IN_DOWN = 2, IN_VERIFY = 4, REPEATS = 8 };

static const struct directive {
	const char *word;
	unsigned traits;
	const char *form; /* what a correct line looks like, for the hint */
	read_function *read;
} DIRECTIVES[] = {
	{"requires", IN_UP | REPEATS, "requires 003 005", read_requires},
	{"conflicts", IN_UP | REPEATS, "conflicts 009", read_conflicts},
	{"transaction", IN_UP | IN_DOWN, "transaction none", read_transaction},
	{"phase", IN_UP, "phase expand", read_phase},
	{"requires-extension", IN_UP | REPEATS, "requires-extension vector >= 0.7", read_extension},
	{"requires-server", IN_UP, "requires-server >= 14", read_server},
	{"changes-data", IN_UP | REPEATS, "changes-data documents, orders.status", read_changes},
	{"lock-timeout", IN_UP, "lock-timeout 2s", read_lock_timeout},
	{"statement-timeout", IN_UP, "statement-timeout 10min", read_statement_timeout},
	{"guard-wait", IN_UP, "guard-wait 10s", read_guard_wait},
	{"guard-waiting", IN_UP, "guard-waiting 50", read_guard_waiting},
	{"allow", IN_UP | IN_DOWN | IN_VERIFY | REPEATS, "allow RULE because REASON", read_allow},
};

enum { DIRECTIVE_COUNT = sizeof(DIRECTIVES) / sizeof(DIRECTIVES[0]) };

/* ---- one line ---- */

struct header_reader {
	struct arena *arena;
	enum file_kind kind;
	struct migration *migration;
	struct script *script;
	struct locator locator;
	bool seen[DIRECTIVE_COUNT];
};

static const struct directive *find_directive(const char *word)
{
	for (size_t i = 0; i < DIRECTIVE_COUNT; i++)
		if (strcmp(DIRECTIVES[i].word, word) == 0)
			return &DIRECTIVES[i];
	return NULL;
}

static enum status refuse_unknown(const char *word, struct error *err)
{
	const char *words[DIRECTIVE_COUNT];
	for (size_t i = 0; i < DIRECTIVE_COUNT; i++)
		words[i] = DIRECTIVES[i].word;
	const char *nearest = text_nearest(word, words, DIRECTIVE_COUNT);

	error_set(err, FAIL_REFUSED, "unknown directive \"%s\"", word);
	if (nearest)
		return error_hint(err, "Did you mean \"%s\", as in `-- pgsluice:%s`?", nearest,
		                  find_directive(nearest)->form);
	return error_hint(err, "pgsluice-migration(5) lists all directives.");
}

static bool belongs(const struct directive *directive, enum file_kind kind)
{
	static const unsigned PLACES[] = {[FILE_UP] = IN_UP, [FILE_DOWN] = IN_DOWN, [FILE_VERIFY] = IN_VERIFY};
	return (directive->traits & PLACES[kind]) != 0;
}

static enum status take_directive(struct header_reader *header, const struct directive *directive,
                                  struct directive_reader *reader, struct error *err)
{
	bool *seen = &header->seen[directive - DIRECTIVES];

	if (!belongs(directive, header->kind)) {
		error_set(err, FAIL_REFUSED, "directive \"%s\" belongs into the up file", directive->word);
		return error_hint(err, "Move the line to the migration's up file; it holds for all its files.");
	}
	if (*seen && !(directive->traits & REPEATS)) {
		error_set(err, FAIL_REFUSED, "directive \"%s\" stands twice", directive->word);
		return error_hint(err, "Keep one of the lines.");
	}
	*seen = true;
	if (directive->read(reader, err) != OK) {
		error_wrap(err, "directive \"%s\"", directive->word);
		return error_hint(err, "Write it as `-- pgsluice:%s`.", directive->form);
	}
	return OK;
}

static enum status read_directive(struct header_reader *header, const char *text, struct place place,
                                  struct error *err)
{
	size_t length = strcspn(text, " \t");
	const char *word = arena_strndup(header->arena, text, length);
	const struct directive *directive = find_directive(word);
	struct directive_reader reader = {.arena = header->arena,
	                                  .migration = header->migration,
	                                  .script = header->script,
	                                  .value = text + length + strspn(text + length, " \t"),
	                                  .place = place};
	enum status status = directive ? take_directive(header, directive, &reader, err) : refuse_unknown(word, err);

	return status == OK ? OK : error_where(err, header->script->path, place.line, place.column);
}

/* "Related Task: x": a capital, then letters, digits, blanks and hyphens, then the colon. */
static void read_key(struct header_reader *header, const char *text, long line)
{
	enum { KEY_LIMIT = 40 };
	size_t length = 0;
	while (isalnum((unsigned char)text[length]) || text[length] == ' ' || text[length] == '-')
		length++;
	if (!isupper((unsigned char)text[0]) || length > KEY_LIMIT || text[length] != ':' ||
	    (text[length + 1] && text[length + 1] != ' '))
		return;

	struct header *row = list_add(header->arena, &header->migration->headers);
	row->key = arena_strndup(header->arena, text, length);
	row->value = arena_strdup(header->arena, text + length + 1 + strspn(text + length + 1, " "));
	row->line = line;
	if (strcmp(row->key, "Description") == 0 && !header->migration->description)
		header->migration->description = row->value;
}

/* The text of a line comment, without its marks and the blanks around it. */
static const char *comment_text(struct header_reader *header, struct token token)
{
	const char *start = header->script->text + token.start + 2;
	const char *end = header->script->text + token.end;
	while (start < end && (*start == ' ' || *start == '\t'))
		start++;
	while (end > start && isspace((unsigned char)end[-1]))
		end--;
	return arena_strndup(header->arena, start, (size_t)(end - start));
}

static enum status read_comment(struct header_reader *header, struct token token, struct error *err)
{
	if (header->script->text[token.start] != '-')
		return OK;
	struct place place = locator_find(&header->locator, token.start);
	const char *text = comment_text(header, token);

	if (strncmp(text, DIRECTIVE_MARKER, strlen(DIRECTIVE_MARKER)) == 0)
		return read_directive(header, text + strlen(DIRECTIVE_MARKER), place, err);
	if (header->kind == FILE_UP)
		read_key(header, text, place.line);
	return OK;
}

enum status header_read(struct arena *arena, enum file_kind kind, struct migration *migration, struct script *script,
                        struct error *err)
{
	struct header_reader header = {.arena = arena, .kind = kind, .migration = migration, .script = script};
	struct lexer lexer = {.text = script->text, .length = script->length};

	locator_init(&header.locator, script->text);
	for (;;) {
		size_t before = lexer.at;
		struct token token = lexer_next(&lexer);
		if (token.kind != TOKEN_COMMENT) {
			script->body = before;
			return OK;
		}
		if (read_comment(&header, token, err) != OK)
			return err->status;
	}
}
