/* The queries that take most of live's time, as canaries: from pg_stat_statements, which keeps them without values. */
#ifndef ENGINE_STATEMENT_SOURCE_H
#define ENGINE_STATEMENT_SOURCE_H

#include "base/arena.h"
#include "core/canary/canary.h"
#include "pg/session.h"

/*
 * Appends up to `limit` of them, those that take most time first: queries that only read, of which no canary in the
 * list is one already. They are generic where they have parameters, and are never run. Their names are "statement" and
 * the fingerprint. Where there is no such extension, or it may not be read, nothing is appended and *ret_why_none says
 * so, one sentence without full stop; else it is NULL. Waits on the session, which has no transaction open.
 */
enum status statements_add(struct session *session, struct arena *arena, size_t limit, struct canary_list *list,
                           const char **ret_why_none, struct error *err) MUST_CHECK;

#endif
