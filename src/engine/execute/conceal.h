/*
 * What the server says about statements that speak of passwords, made fit to be shown and kept. Knows no sessions.
 *
 * The rule: such a statement is recorded by its tag and fingerprint. Of what the server says about it the message
 * stays, without the statement's passwords; detail and context do not, for they quote statements and rows.
 */
#ifndef ENGINE_CONCEAL_H
#define ENGINE_CONCEAL_H

#include "base/error.h"
#include "base/json.h"
#include "core/migration/migration.h"

/* The server's error, raised by `statement` of the script or by none of them alone (NULL). Our own stay as they are. */
void conceal_error(struct error *err, const struct script *script, const struct statement *statement);

/* Other words of the server while the script ran: a notice. In the arena, or `said` itself. */
const char *conceal_said(struct arena *arena, const struct script *script, const char *said);

/* What a record may hold of a statement: `sql`, or `fingerprint` where it speaks of a password; and `tag`. */
void conceal_record(struct json *body, const struct statement *statement);

#endif
