/* Safety rules over the statements of a migration: one file and one table row each. Pure. */
#ifndef CORE_RULES_RULE_H
#define CORE_RULES_RULE_H

#include "base/arena.h"
#include "base/list.h"
#include "core/migration/plan.h"

enum severity { SEVERITY_WARNING, SEVERITY_ERROR };

struct finding {
	const char *rule;      /* the row's name, as `allow` takes it */
	enum severity severity;
	const char *version;
	const char *file;
	long line, column;
	const char *message;   /* what is unsafe, one sentence */
	const char *hint;      /* the safe way, with SQL where it helps */
	const char *allowed_because; /* reason of an `allow`, or NULL */
};

struct finding_list {
	struct finding *items;
	size_t count;
	size_t room;
};

/* What rules may know of live beside the plan. */
struct rule_facts {
	const struct text_list *invalid_indexes; /* "schema.name" of indexes that are not valid on live */
	const struct text_list *tables;          /* "schema.name" of live's tables; a new table is not in it */
};

/* A row of the table, for the manual and for those who list rules. */
struct rule {
	const char *name;       /* as `allow` takes it */
	enum severity severity;
	const char *meaning;    /* what it finds, one line */
};

/* The n-th rule, from 0; NULL behind the last one. `unparsed` is among them: migration_parse looks after it. */
const struct rule *rule_at(size_t number);

/*
 * Runs every rule over the plan's pending migrations, which are parsed. What `allow` covers stays in the list, marked.
 * An `allow` of an unknown rule is an error, one that covers nothing a warning. A table that the plan itself creates,
 * or that live does not have, is never found fault with. `facts` may have NULL lists: nothing is known then.
 */
void rules_check(struct arena *arena, const struct plan *plan, const struct rule_facts *facts,
                 struct finding_list *ret_findings);

#endif
