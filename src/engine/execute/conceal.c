#include "engine/execute/conceal.h"

#include <string.h>

#include "core/sql/secret.h"

/* Their passwords stand where the grammar wants them: other literals may be named in a message. */
static const char *const PLAIN[] = {"ALTER DATABASE", "ALTER ROLE",  "ALTER TABLE", "COMMENT",
                                    "CREATE INDEX",   "CREATE ROLE", "CREATE TABLE", "CREATE VIEW"};

static bool is_plain(const struct statement *statement)
{
	for (size_t i = 0; i < sizeof(PLAIN) / sizeof(PLAIN[0]); i++)
		if (statement->parsed && strcmp(statement->tag, PLAIN[i]) == 0)
			return true;
	return false;
}

const char *conceal_said(struct arena *arena, const struct script *script, const char *said)
{
	for (size_t i = 0; said && i < script->steps.count; i++) {
		const struct step *step = &script->steps.items[i];
		for (size_t j = 0; j < step->count; j++)
			said = secret_conceal(arena, said, step->statements[j].sql, !is_plain(&step->statements[j]));
	}
	return said;
}

/* Sets a part of the error anew when it changed. */
static void replace(struct error *err, const struct script *script, const char *part,
                    enum status (*set)(struct error *err, const char *format, ...))
{
	_cleanup_arena_ struct arena *scratch = arena_open();
	const char *concealed = part ? conceal_said(scratch, script, secret_strip(scratch, part)) : NULL;
	if (concealed != part)
		(void)!set(err, "%s", concealed);
}

void conceal_error(struct error *err, const struct script *script, const struct statement *statement)
{
	if (err->sqlstate[0] == '\0')
		return;
	if (statement && err->detail && secret_mentioned(statement->sql))
		error_detail(err, "What else the server says may quote a password: it is in the server's log.");
	replace(err, script, err->message, error_message);
	replace(err, script, err->detail, error_detail);
	replace(err, script, err->hint, error_hint);
}

void conceal_record(struct json *body, const struct statement *statement)
{
	_cleanup_arena_ struct arena *scratch = arena_open();
	json_set_text(body, "tag", statement->tag);
	if (!secret_mentioned(statement->sql)) {
		json_set_text(body, "sql", statement->sql);
		return;
	}
	const char *fingerprint = statement_fingerprint(scratch, statement->sql);
	json_set_text(body, "fingerprint", fingerprint ? fingerprint : "unknown");
}
