/* The safety rules over a plan, with what they have to know of the database that it is for. Judges nothing. */
#ifndef ENGINE_RULE_FINDINGS_H
#define ENGINE_RULE_FINDINGS_H

#include "base/error.h"
#include "core/rules/rule.h"
#include "pg/session.h"

/* Reads tables and unfinished indexes through the session and runs every rule; texts are in the arena. */
enum status rule_findings_read(struct arena *arena, const struct plan *plan, struct session *session,
                               struct finding_list *ret_findings, struct error *err) MUST_CHECK;

/* Whether it refuses the plan: an error that no `allow` covers. */
bool rule_finding_refuses(const struct finding *finding);

#endif
